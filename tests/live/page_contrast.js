// Texts whose contrast with what is behind them is below 4.5 (WCAG 2, AA), and targets below 38 pixels.
const channel = (v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
const light = ([r, g, b]) => 0.2126 * channel(r / 255) + 0.7152 * channel(g / 255) + 0.0722 * channel(b / 255);
const parse = (text) => text.match(/[\d.]+/g).map(Number);
const behind = (node) => {
  for (; node; node = node.parentElement) {
    const colour = parse(getComputedStyle(node).backgroundColor);
    if (colour.length === 3 || colour[3] === 1) return colour.slice(0, 3);
  }
  return [255, 255, 255];
};
const weak = [];
const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (words.nextNode()) {
  const text = words.currentNode.textContent.trim(), node = words.currentNode.parentElement;
  if (!text || !node.checkVisibility()) continue;
  const lights = [light(parse(getComputedStyle(node).color)), light(behind(node))];
  const contrast = (Math.max(...lights) + 0.05) / (Math.min(...lights) + 0.05);
  if (contrast < 4.5) weak.push(`${text}: ${contrast.toFixed(2)}`);
}
for (const one of document.querySelectorAll("button, select, input, summary")) {
  const high = one.getBoundingClientRect().height;
  if (one.checkVisibility() && high < 38) weak.push(`${one.textContent || one.id}: ${high} pixels`);
}
return weak;
