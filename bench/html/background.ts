/** What the figures depend on: the machine and the revision, how still the machine was, and who took part with which configuration. */
import { spell, summarize } from '../figures.js';
import type { Answers, PeerNote } from '../question.js';
import { type Markup, markup } from './markup.js';
import { capital } from './measured.js';

export function conditionSection(answers: Answers): Markup {
  const rows = Object.entries({ ...answers.conditions, rounds: String(answers.rounds), scale: answers.scale }).map(
    ([name, value]) => markup`<div><dt>${words(name)}</dt><dd>${value}</dd></div>`,
  );
  return markup`<section aria-labelledby="conditions">
<h2 id="conditions">On which machine, and how still was it?</h2>
<dl class="conditions">${rows}</dl>
<p>${noise(answers)}</p>
</section>`;
}

const known: Readonly<Record<string, string>> = { cpu: 'CPU', node: 'Node.js' };

function words(name: string): string {
  return known[name] ?? capital(name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase());
}

/** How far the machine's own limits moved between the rounds: nobody's software is in them, so this is the machine. */
function noise({ results, rounds }: Answers): Markup {
  const spreads = results
    .filter(({ name }) => name.startsWith('limit/'))
    .flatMap(({ title, figures }) => {
      const [figure, series = []] = Object.entries(figures)[0] ?? [];
      if (figure === undefined || series.length < 2) return [];
      const { median, min, max } = summarize(series);
      return [{ title, spread: (max - min) / median }];
    })
    .sort((a, b) => a.spread - b.spread);
  const worst = spreads.at(-1);
  if (worst === undefined) return markup`Noise is not known: the machine's own limits were not measured more than once.`;
  const middle = summarize(spreads.map(({ spread }) => spread)).median;
  return markup`Noise: the machine's own limits, which no store has a part in, moved between the ${rounds} rounds by <strong>${percent(middle)}</strong> from least to most (the median of ${spreads.length} limits), and by <strong>${percent(worst.spread)}</strong> where they moved most (${worst.title}). A difference smaller than the ranges shown is no difference.`;
}

function percent(part: number): string {
  return `${spell(part * 100)} %`;
}

export function peerSection(peers: readonly PeerNote[]): Markup | undefined {
  if (peers.length === 0) return undefined;
  const rows = peers.map(
    ({ name, version, configuration, isMissing }) =>
      markup`<tr role="row"><th role="rowheader" scope="row">${name}</th><td role="cell">${isMissing ? markup`<span class="pill open"><span aria-hidden="true">–</span> left out</span>` : version}</td><td role="cell">${configuration}</td></tr>
`,
  );
  return markup`<section aria-labelledby="peers">
<h2 id="peers">Who took part, and how were they set up?</h2>
<p>Each is used the way its own documentation calls fastest, at the same durability, in the same run. Who could not take part is named with the reason; nothing is put in its place.</p>
<div class="scroll"><table class="peers" role="table"><thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Peer</th><th role="columnheader" scope="col">Version</th><th role="columnheader" scope="col">Configuration</th></tr></thead>
<tbody role="rowgroup">
${rows}</tbody></table></div>
</section>`;
}
