/** Those who wait for one answer: while there is anybody, the run goes on; once all have gone it is told to stop. */
export interface Audience {
  /** Of the run: aborted when nobody waits any more. */
  readonly signal: AbortSignal;
  leave(): void;
}

/** Joins the audience of a key; a client that goes away leaves it by itself. */
export type JoinAudience = (key: string, client: AbortSignal) => Audience;

export function createAudiences(): JoinAudience {
  const audiences = new Map<string, { waiting: number; controller: AbortController }>();
  return (key, client) => {
    const audience = audiences.get(key) ?? { waiting: 0, controller: new AbortController() };
    audiences.set(key, audience);
    audience.waiting += 1;
    let isHere = true;
    const leave = () => {
      if (!isHere) return;
      isHere = false;
      client.removeEventListener('abort', goAway);
      audience.waiting -= 1;
      if (audience.waiting === 0 && audiences.get(key) === audience) audiences.delete(key);
    };
    const goAway = () => {
      leave();
      if (audience.waiting === 0) audience.controller.abort();
    };
    client.addEventListener('abort', goAway);
    if (client.aborted) goAway();
    return { signal: audience.controller.signal, leave };
  };
}
