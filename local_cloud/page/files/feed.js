// What the server decided and what exists in it, asked for again and again while the page is looked at.

const POLL_MILLISECONDS = 1000;
const LONGEST_PAUSE_MILLISECONDS = 10000;
const LIMIT_MILLISECONDS = 5000;

/**
 * @typedef {{part: string, rule: string, saw: string}} Step
 * @typedef {{part: string, rule: string, saw: string, wanted: string, mend: string}} Refusal
 * @typedef {{id: string, time: string, link: string, allowed: boolean, resource: string, principal: string,
 *   steps: Step[], refusal: Refusal|null, parent: string|null}} Decision
 */

/**
 * @param {string} path
 * @returns {Promise<any>}
 */
export async function ask(path) {
  const answer = await fetch(path, {signal: AbortSignal.timeout(LIMIT_MILLISECONDS), headers: {Accept: "application/json"}});
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
  return answer.json();
}

/**
 * Ask for what is new until the page is closed. A server that can't be reached is asked less and less often.
 *
 * @param {{onDecisions: (found: Decision[]) => void, onResources: (found: any) => void,
 *   onConnection: (reached: boolean) => void}} told
 */
export async function follow({onDecisions, onResources, onConnection}) {
  let after = "";
  let pause = POLL_MILLISECONDS;
  for (;;) {
    if (document.hidden) await visible();
    try {
      const query = after ? `?after=${encodeURIComponent(after)}` : "";
      const {decisions} = await ask(`_local/decisions${query}`);
      if (decisions.length) after = decisions[decisions.length - 1].id;
      onDecisions(decisions);
      onResources(await ask("_local/resources"));
      onConnection(true);
      pause = POLL_MILLISECONDS;
    } catch (problem) {
      console.warn("the local cloud was not reached:", problem);
      onConnection(false);
      pause = Math.min(pause * 2, LONGEST_PAUSE_MILLISECONDS);
    }
    await new Promise((resume) => setTimeout(resume, pause));
  }
}

/** @returns {Promise<void>} */
function visible() {
  return new Promise((resume) => {
    const look = () => {
      if (document.hidden) return;
      document.removeEventListener("visibilitychange", look);
      resume();
    };
    document.addEventListener("visibilitychange", look);
  });
}
