/**
 * What an eye would stumble over, measured inside the page: text that overlaps, leaves its picture or is too faint, and what is wider
 * than the screen. Each function runs in the browser, so it uses nothing from outside itself; it returns complaints, none when all is well.
 */

/** Of every SVG that is shown: its texts are apart from each other and inside it. */
export function crowdedText(): string[] {
  const complaints: string[] = [];
  // What surrounds the letters of a text by less than this does not count as touching.
  const slack = 1;
  for (const svg of document.querySelectorAll('svg')) {
    if (svg.ownerSVGElement !== null || svg.getBoundingClientRect().height === 0) continue;
    const outside = svg.getBoundingClientRect();
    const lines = [...svg.querySelectorAll('text')].flatMap((text) => (text.children.length > 0 ? [...text.children] : [text]));
    const boxes = lines.map((line) => ({ text: line.textContent ?? '', box: line.getBoundingClientRect() }));
    boxes.forEach(({ text, box }, i) => {
      if (box.left < outside.left - slack || box.right > outside.right + slack) complaints.push(`${text}: beside its picture`);
      if (box.top < outside.top - slack || box.bottom > outside.bottom + slack)
        complaints.push(`${text}: above or below its picture`);
      for (const other of boxes.slice(i + 1)) {
        const across = Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left);
        const down = Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top);
        if (across > slack && down > slack) complaints.push(`${text} and ${other.text} overlap by ${across} x ${down}`);
      }
    });
  }
  return complaints;
}

/** Whatever is wider than the screen, unless it scrolls within itself. */
export function wideThings(): string[] {
  const width = document.documentElement.clientWidth;
  const complaints =
    document.documentElement.scrollWidth > width ? [`the page is ${document.documentElement.scrollWidth} wide`] : [];
  for (const element of document.body.querySelectorAll('*')) {
    if (element.closest('.scroll table') !== null) continue;
    const box = element.getBoundingClientRect();
    if (box.width > 1 && box.height > 1 && (box.right > width + 1 || box.left < -1)) {
      complaints.push(`${element.tagName} ${element.className} from ${box.left} to ${box.right}`);
    }
  }
  return complaints;
}

/** Text with less contrast against what is behind it than `least`. In an SVG that has a ground of its own, that is behind. */
export function faintText(least: number): string[] {
  const parse = (colour: string): number[] => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (colour: readonly number[]): number => {
    const [red = 0, green = 0, blue = 0] = colour.slice(0, 3).map((channel) => {
      const part = channel / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ground = (element: Element): number[] => {
    const own = document.documentElement.tagName === 'svg' ? document.querySelector('svg > rect') : null;
    if (own !== null) return parse(getComputedStyle(own).fill);
    for (let each: Element | null = element; each !== null; each = each.parentElement) {
      const colour = parse(getComputedStyle(each).backgroundColor);
      if ((colour[3] ?? 1) === 1 && colour.length >= 3) return colour;
    }
    return [255, 255, 255];
  };
  const complaints: string[] = [];
  const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const element = node.parentElement;
    const text = node.textContent?.trim() ?? '';
    if (element === null || text === '' || element.closest('style, title, desc, head') !== null) continue;
    if (element.getBoundingClientRect().height === 0) continue;
    const style = getComputedStyle(element);
    const letters = luminance(parse(element.closest('svg') === null ? style.color : style.fill));
    const behind = luminance(ground(element));
    const contrast = (Math.max(letters, behind) + 0.05) / (Math.min(letters, behind) + 0.05);
    if (contrast < least) complaints.push(`${text}: ${contrast.toFixed(2)}`);
  }
  return complaints;
}
