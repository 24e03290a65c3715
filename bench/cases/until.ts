/** When does a case stop: after its time, or after so much work, whichever comes first. */

/** True once the time is over or `most` messages were asked about; looks at the clock every `every` questions. */
export function limit(millis: number, most: number, every: number): () => boolean {
  const end = performance.now() + millis;
  let asked = 0;
  let over = false;
  return () => {
    asked++;
    if (asked % every === 0) over ||= asked > most || performance.now() >= end;
    return over;
  };
}
