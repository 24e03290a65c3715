/**
 * How the page looks: one column; on a phone the narrow drawing of each chart instead of the wide one; on paper light, details open and
 * no chart parted by a page's end.
 */
import { fontFamily, paletteRules } from './palette.js';

const base = `
*{box-sizing:border-box}
html{color-scheme:light dark;-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 ${fontFamily};font-variant-numeric:tabular-nums}
main,header,footer{max-width:978px;margin:0 auto;padding:0 24px}
header{padding-top:56px}
header p{margin:8px 0 0;color:var(--soft)}
footer{padding-top:24px;padding-bottom:64px;color:var(--soft);font-size:14px}
h1,h2,p,dd,figcaption,footer,.verdicts tbody th,.peers th,.peers td{overflow-wrap:anywhere}
h1{font-size:36px;line-height:1.15;letter-spacing:-.02em;margin:0;font-weight:700}
h2{font-size:24px;line-height:1.25;letter-spacing:-.012em;margin:0 0 12px;font-weight:650;text-wrap:balance}
section{margin-top:64px}
p{margin:0 0 12px;max-width:46em;text-wrap:pretty}
a{color:var(--ours);text-underline-offset:3px;text-decoration-thickness:1px}
strong{font-weight:650}
nav{margin-top:20px}
nav ul{list-style:none;margin:0;padding:0;display:flex;flex-wrap:wrap;gap:6px 20px;font-size:15px}
.tally{font-size:18px}
.note,.of,.legend{color:var(--soft);font-size:14px}
.note{margin-top:12px}
`;

const charts = `
figure{margin:20px 0 0;padding:20px 24px 16px;background:var(--card);border:1px solid var(--line);border-radius:10px}
figcaption{margin-bottom:14px}
figcaption b{display:block;font-size:17px;font-weight:650;line-height:1.35}
.legend{display:block;margin-top:2px}
figure svg{display:block;width:100%;height:auto;overflow:visible}
figure svg text{white-space:pre}
figure .wide{max-width:880px;margin:0 auto}
figure .narrow{display:none;max-width:480px;margin:0 auto}
details{margin-top:16px}
summary{cursor:pointer;color:var(--ours);font-weight:600;font-size:15px;width:fit-content}
details>.scroll{margin-top:12px}
`;

const tables = `
table{border-collapse:collapse;width:100%;font-size:14px;line-height:1.4}
th,td{text-align:left;vertical-align:top;padding:8px 20px 8px 0;border-top:1px solid var(--line)}
th:last-child,td:last-child{padding-right:0}
thead th{border-top:0;color:var(--soft);font-weight:500;font-size:13px;white-space:nowrap;vertical-align:bottom}
tbody th{font-weight:500}
.number{text-align:right;white-space:nowrap}
.range{color:var(--soft)}
.scroll{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:10px;padding:8px 24px 12px}
.figures tbody{border-top:1px solid var(--line)}
.figures td{border-top:0;padding-top:3px;padding-bottom:3px}
.figures tbody th{min-width:150px}
.figures thead th:first-child{width:26%}
.figures tbody tr:first-child>*{padding-top:8px}
.figures tbody tr:last-child>*,.figures tbody th,.figures tbody .part{padding-bottom:8px}
.figures .name{white-space:nowrap}
.figures .number{padding-right:20px}
.figures .part{padding-left:12px;min-width:190px}
.figures .of{font-size:12.5px}
.peers th{min-width:130px}
.verdicts{background:var(--card);border:1px solid var(--line);border-radius:10px;border-collapse:separate;border-spacing:0;padding:8px 24px 12px}
.verdicts th,.verdicts td{vertical-align:middle}
.verdicts tbody th{line-height:1.35}
.verdicts thead th:first-child{width:46%}
.verdicts .gauge{width:140px}
.verdicts .range{display:block;font-size:12.5px}
.verdicts .gauge svg{display:block}
.verdicts .verdict{width:136px}
.small-label{display:none}
.meter{display:flex;gap:3px;height:10px;margin:0 0 20px}
.meter span{border-radius:3px;flex-basis:0}
.meter .good{background:var(--good)}.meter .bad{background:var(--bad)}.meter .open{background:var(--bar)}
.pill{display:inline-block;border-radius:99px;padding:1px 10px;font-size:13px;font-weight:600;white-space:nowrap}
.pill.good{color:var(--good);background:var(--good-fill)}
.pill.bad{color:var(--bad);background:var(--bad-fill)}
.pill.open{color:var(--soft);background:var(--open-fill)}
.conditions{display:grid;grid-template-columns:repeat(auto-fill,minmax(250px,1fr));gap:14px 32px;margin:0 0 20px}
.conditions div{min-width:0}
.failures{margin:0 0 12px;padding-left:20px;font-size:14px;overflow-wrap:anywhere}
.conditions dt{color:var(--soft);font-size:13px}
.conditions dd{margin:0;overflow-wrap:anywhere}
`;

const phone = `
@media screen and (max-width:859px){.verdicts .gauge{display:none}}
@media screen and (max-width:719px){
body{font-size:15px}
main,header,footer{padding-left:12px;padding-right:12px}
header{padding-top:28px}
h1{font-size:28px}
h2{font-size:21px}
section{margin-top:44px}
figure{padding:14px 12px 12px}
figure .wide{display:none}
figure .narrow{display:block}
nav ul{flex-direction:column}
.scroll{padding:6px 12px 10px}
.verdicts{display:block;padding:0 12px}
.verdicts thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.verdicts tbody,.verdicts tr{display:block}
.verdicts tr{display:grid;grid-template-columns:1fr auto;gap:4px 12px;padding:10px 0;border-top:1px solid var(--line)}
.verdicts tbody tr:first-child{border-top:0}
.verdicts th,.verdicts td{display:block;padding:0;border:0;width:auto!important}
.verdicts tbody th{grid-column:1/-1}
.verdicts .value{text-align:left;grid-row:2;grid-column:1}
.verdicts .verdict{grid-row:2;grid-column:2;text-align:right}
.verdicts .target{text-align:left;grid-row:3;grid-column:1;color:var(--soft)}
.verdicts .gauge{grid-row:3;grid-column:2;display:block}
.peers,.peers tbody{display:block}
.peers thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.peers tr{display:grid;grid-template-columns:1fr auto;gap:2px 12px;padding:10px 0;border-top:1px solid var(--line)}
.peers tbody tr:first-child{border-top:0}
.peers th,.peers td{display:block;padding:0;border:0}
.peers td:last-child{grid-column:1/-1;color:var(--soft)}
.small-label,.verdicts .range{display:inline}
.conditions{grid-template-columns:repeat(auto-fill,minmax(150px,1fr))}
}
`;

const paper = `
@page{size:A4;margin:15mm 14mm}
@media print{
html{color-scheme:light}
body{background:#fff;font-size:10.5pt;-webkit-print-color-adjust:exact;print-color-adjust:exact}
main,header,footer{max-width:none;padding-left:0;padding-right:0}
header{padding-top:0}
footer{padding-bottom:0}
section{margin-top:28px}
.conditions{grid-template-columns:repeat(3,1fr);gap:8px 20px}
h1{font-size:24pt}h2{font-size:15pt}
h2,figcaption,summary,thead{break-after:avoid}
figure,tr,.figures tbody,.conditions div{break-inside:avoid}
figure{padding:10px 14px}
figure .wide{max-height:225mm}
nav,summary,.verdicts .gauge{display:none}
details::details-content{content-visibility:visible;display:block;block-size:auto}
.scroll{overflow:visible}
table{font-size:9pt}
th,td{padding-right:12px}
.figures{font-size:8pt}
.figures tbody th,.figures .part,.figures .name{min-width:0;white-space:normal;overflow-wrap:anywhere}
.figures .name{min-width:28mm}
.figures .number{padding-right:12px}
.figures .of{font-size:7.5pt}
a{color:inherit;text-decoration:none}
}
`;

export function styleSheet(): string {
  return [paletteRules(':root'), base, charts, tables, phone, paper].join('').replace(/\n+/g, '\n').trim();
}
