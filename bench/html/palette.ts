/**
 * Colours, light and dark, as CSS custom properties: everything that is drawn names a property, never a colour.
 *
 * Text colours (ink, soft, limit, good, bad, ours*, peer*) reach a contrast of 4.5 against page and card, bars 3. Hues that stand side
 * by side differ for colour-blind eyes too, and never stand alone: lines also differ by marker, verdicts by word.
 */
const light: Readonly<Record<string, string>> = {
  page: '#f6f7f9',
  card: '#ffffff',
  ink: '#17202a',
  soft: '#566270',
  line: '#d8dee5',
  grid: '#e7ebef',
  ours: '#0a5bd3',
  'ours-2': '#00796f',
  'ours-3': '#8a2fc4',
  'ours-4': '#b8195f',
  bar: '#8793a1',
  'peer-1': '#5a6673',
  'peer-2': '#7a6030',
  'peer-3': '#4d6b57',
  'peer-4': '#74597c',
  limit: '#a94a04',
  good: '#0d7440',
  bad: '#b3261e',
  'good-fill': '#e2f3e8',
  'bad-fill': '#fbe7e4',
  'open-fill': '#eceff2',
};

const dark: Readonly<Record<string, string>> = {
  page: '#0e1319',
  card: '#161d25',
  ink: '#e7ecf1',
  soft: '#a3afbb',
  line: '#2d3843',
  grid: '#28323c',
  ours: '#6cb2ff',
  'ours-2': '#41cfbc',
  'ours-3': '#c9a1ff',
  'ours-4': '#ff93bf',
  bar: '#6f7d8c',
  'peer-1': '#a9b4c0',
  'peer-2': '#cbb27f',
  'peer-3': '#9cbda8',
  'peer-4': '#c5a8cd',
  limit: '#f4ab52',
  good: '#6bd698',
  bad: '#ff938a',
  'good-fill': '#15352a',
  'bad-fill': '#42211f',
  'open-fill': '#26303a',
};

/** Paper is light, whatever the screen prefers. */
export function paletteRules(selector: string): string {
  const declare = (colours: Readonly<Record<string, string>>): string =>
    Object.entries(colours)
      .map(([name, value]) => `--${name}:${value}`)
      .join(';');
  return `${selector}{${declare(light)}}\n@media screen and (prefers-color-scheme:dark){${selector}{${declare(dark)}}}`;
}

export const fontFamily = "'Inter','Segoe UI',system-ui,-apple-system,'Helvetica Neue','Noto Sans','DejaVu Sans',Arial,sans-serif";

export interface LineStyle {
  readonly colour: string;
  readonly dash: string;
  readonly symbol: 'circle' | 'square' | 'triangle' | 'diamond' | 'cross' | 'star';
}

const symbols = ['circle', 'square', 'triangle', 'diamond', 'cross', 'star'] as const;

/** Our own lines are strong and solid, those of others thin and muted; `position`: which of its kind it is, from 0. */
export function lineStyle(isOurs: boolean, position: number): LineStyle {
  const turn = position % 4;
  const colour = isOurs ? (turn === 0 ? 'ours' : `ours-${turn + 1}`) : `peer-${turn + 1}`;
  const dashes = isOurs ? ['', '7 3'] : ['5 3', '2 3'];
  return {
    colour: `var(--${colour})`,
    dash: dashes[Math.floor(position / 4) % 2] ?? '',
    symbol: symbols[position % symbols.length] ?? 'circle',
  };
}
