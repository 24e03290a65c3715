/** What the figures depend on: the machine and the revision, how still the machine was, and who took part with which configuration. */
import type { Answers, PeerNote } from '../question.js';
import { type Markup, markup } from './markup.js';
import { capital } from './measured.js';

export function conditionSection(answers: Answers): Markup {
  const { noise, ...conditions } = answers.conditions;
  const rows = Object.entries({ ...conditions, rounds: String(answers.rounds), scale: answers.scale }).map(
    ([name, value]) => markup`<div><dt>${words(name)}</dt><dd>${value}</dd></div>`,
  );
  return markup`<section aria-labelledby="conditions">
<h2 id="conditions">On which machine, and how still was it?</h2>
<dl class="conditions">${rows}</dl>
${noise && markup`<p><strong>Noise:</strong> ${noise}. A difference that is smaller than this, or than the ranges of what is compared, says nothing.</p>`}
${failureList(answers.failures ?? [])}
</section>`;
}

const known: Readonly<Record<string, string>> = { cpu: 'CPU', node: 'Node.js', deviceFlush: 'Flush of the device' };

function words(name: string): string {
  return known[name] ?? capital(name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase());
}

function failureList(failures: NonNullable<Answers['failures']>): Markup | undefined {
  if (failures.length === 0) return undefined;
  const items = failures.map(({ result, reason }) => markup`<li><strong>${result}</strong>: ${reason}</li>`);
  return markup`<p>These ended with an error and have no figures, or only those of the rounds before:</p>
<ul class="failures">${items}</ul>`;
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
