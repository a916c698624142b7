// What the server decided and what exists in it, asked for again and again while the page is looked at.

const POLL_MILLISECONDS = 1000;
const LONGEST_PAUSE_MILLISECONDS = 10000;
const LIMIT_MILLISECONDS = 5000;

/**
 * @typedef {{part: string, rule: string, actual: string}} Step
 * @typedef {{part: string, rule: string, actual: string, expected: string, fix: string}} Refusal
 * @typedef {{id: string, time: string, link: string, allowed: boolean, resource: string, principal: string,
 *   steps: Step[], refusal: Refusal|null, parent: string|null}} Decision
 */

/** The server answered, with something else than what was asked for; the message is the server's own. */
export class AnswerError extends Error {}

/**
 * @param {string} path
 * @returns {Promise<any>}
 * @throws {AnswerError} the status is not 200
 */
export async function ask(path) {
  const answer = await fetch(path, {signal: AbortSignal.timeout(LIMIT_MILLISECONDS)});
  const body = await answer.json();
  if (!answer.ok) throw new AnswerError(body.error?.message ?? `${path} answered ${answer.status}`);
  return body;
}

/**
 * Ask for what is new until the page is closed. A server that can't be reached is asked less and less often, and a page
 * that is not looked at doesn't ask.
 *
 * @param {{onDecisions: (found: Decision[], restarted: boolean) => void, onResources: (found: any) => void,
 *   onConnection: (reached: boolean) => void}} listeners
 */
export async function follow({onDecisions, onResources, onConnection}) {
  let after = "";
  let run = "";
  let pause = POLL_MILLISECONDS;
  for (;;) {
    if (document.hidden) await visible();
    const found = await latest(after);
    onConnection(found !== null);
    if (found === null) {
      pause = Math.min(pause * 2, LONGEST_PAUSE_MILLISECONDS);
    } else {
      const {decisions, resources} = found;
      // Another process answers: what the one before it decided is gone, and so is what existed in it.
      onDecisions(decisions.decisions, run !== "" && run !== decisions.run);
      onResources(resources);
      run = decisions.run;
      after = decisions.decisions.at(-1)?.id ?? after;
      pause = POLL_MILLISECONDS;
    }
    await new Promise((resume) => setTimeout(resume, pause));
  }
}

/**
 * @param {string} after
 * @returns {Promise<{decisions: {run: string, decisions: Decision[]}, resources: any}|null>} null, if not reached
 */
async function latest(after) {
  try {
    const decisions = await ask(`_local/decisions?after=${encodeURIComponent(after)}`);
    return {decisions, resources: await ask("_local/resources")};
  } catch (problem) {
    console.warn("the federation emulator was not reached:", problem);
    return null;
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
