import { describe, expect, it } from 'vitest';
import {
  createEvents,
  createRemoteStore,
  type BlobStore,
  type CacheEvent,
  type EncryptionKey,
  type Entry,
  type RemoteStore,
} from '../../src/cache/index.ts';
import { toEntry } from '../../src/cache/entry.ts';
import { until } from '../support/built-server.ts';

/** Where patience is what is tested, commands give up after this, in milliseconds. */
export const briefMs = 50;
/** A breaker that opened lets nothing through for this long, in milliseconds. */
export const openForMs = 300;

/** A store behind the engine's protections, and all that these have said. A busy machine may be slow, not wrong. */
export function protect(store: BlobStore, timeoutMs = 2_000, encryptionKeys: readonly EncryptionKey[] = []) {
  const events = createEvents();
  const seen: CacheEvent[] = [];
  events.subscribe((event) => seen.push(event));
  const remote = createRemoteStore({
    store,
    secret: 'of the test',
    encryptionKeys,
    timeoutMs,
    failuresToOpen: 3,
    openForMs,
    monotonicMs: () => performance.now(),
    nowMs: () => Date.now(),
    emit: events.emit,
  });
  const states = () => seen.flatMap((event) => (event.type === 'breaker' ? [event.state] : []));
  return { remote, seen, states };
}

export const entryOf = (text: string, ttlMs = 60_000): Entry =>
  toEntry({ body: Buffer.from(text), meta: { n: 1 }, stamp: 7, tags: ['L:ticket'], ttlMs }, 'first', Date.now());

export const textOf = (entry: Entry | null) => entry && Buffer.from(entry.body).toString();

/** Milliseconds that something took. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

/** What any second level must do, and what the engine makes of one that does not. `open` answers a store that is empty. */
export function describeSecondLevel(name: string, open: () => BlobStore | Promise<BlobStore>): void {
  let keys = 0;
  /** A key of its own for each use: stores may be shared. */
  const newKey = () => `key ${(keys += 1)}`;
  const opened = async (): Promise<RemoteStore> => protect(await open()).remote;

  describe(`${name} as a second level`, () => {
    it('gives back what it was given, byte for byte, to the same tenant and key alone', async () => {
      const remote = await opened();
      const key = newKey();
      const entry = entryOf('{"name":"Zoë 😀"}');
      expect(await remote.get('acme', key)).toBeNull();
      expect(await remote.set('acme', key, entry)).toBe(true);
      expect(await remote.get('acme', key)).toEqual(entry);
      expect(await remote.get('globex', key)).toBeNull();
      expect(await remote.get('acme', `${key}.`)).toBeNull();
    });

    it('gives back bytes that are not text, and a megabyte', async () => {
      const remote = await opened();
      const key = newKey();
      const body = Buffer.alloc(1_000_000, Buffer.from([0xff, 0x00, 0xc3, 0x28, 0x1f]));
      await remote.set('acme', key, { ...entryOf(''), body });
      const back = await remote.get('acme', key);
      expect(back && Buffer.from(back.body).equals(body)).toBe(true);
    });

    it('gives back the newest of what was stored under a key', async () => {
      const remote = await opened();
      const key = newKey();
      for (const text of ['one', 'two', 'three']) await remote.set('acme', key, entryOf(text));
      expect(textOf(await remote.get('acme', key))).toBe('three');
    });

    it('forgets an entry when its time is over', async () => {
      const store = await open();
      const ids: string[] = [];
      const watched: BlobStore = {
        get: (id) => store.get(id),
        set: (id, ...rest) => (ids.push(id), store.set(id, ...rest)),
      };
      const { remote } = protect(watched);
      const key = newKey();
      await remote.set('acme', key, entryOf('short', 80));
      expect(textOf(await remote.get('acme', key))).toBe('short');
      await until(async () => !(await store.get(ids[0] ?? '')));
    });

    it.each([0, -1, 0.5, Infinity, Number.NaN])('is not given anything that expires in %s ms', async (ttlMs) => {
      const store = await open();
      let sets = 0;
      const { remote } = protect({ get: (id) => store.get(id), set: () => void (sets += 1) });
      expect(await remote.set('acme', newKey(), entryOf('x', ttlMs))).toBe(false);
      expect(sets).toBe(0);
    });

    it('serves many at once, each with its own', async () => {
      const remote = await opened();
      const all = Array.from({ length: 200 }, () => newKey());
      await Promise.all(all.map((key) => remote.set('acme', key, entryOf(`of ${key}`))));
      const back = await Promise.all(all.map((key) => remote.get('acme', key)));
      expect(back.map(textOf)).toEqual(all.map((key) => `of ${key}`));
    });

    it('gives back many in the order of their keys, with null for what is not there or of another', async () => {
      const remote = await opened();
      const [one, absent, two] = [newKey(), newKey(), newKey()];
      await Promise.all([one, two].map((key) => remote.set('acme', key, entryOf(`of ${key}`))));
      const back = await remote.getMany('acme', [two, absent, one, two]);
      expect(back.map(textOf)).toEqual([`of ${two}`, null, `of ${one}`, `of ${two}`]);
      expect(await remote.getMany('globex', [one, absent, two])).toEqual([null, null, null]);
      expect(await remote.getMany('acme', [])).toEqual([]);
    });

    it('is asked for many as one command, which fails as one', async () => {
      const store = await open();
      let answers = Infinity;
      const { remote, seen, states } = protect({
        ...store,
        getMany: undefined,
        get: (id) => ((answers -= 1) < 0 ? Promise.reject(new Error('down')) : store.get(id)),
      });
      const key = newKey();
      await remote.set('acme', key, entryOf('x'));
      expect((await remote.getMany('acme', [key, key])).map(textOf)).toEqual(['x', 'x']);
      for (let attempt = 0; attempt < 10; attempt += 1) {
        answers = 1;
        expect(await remote.getMany('acme', [key, key])).toEqual([null, null]);
      }
      const gets = seen.flatMap((event) => (event.type === 'remote' && event.command === 'get' ? [event.failed] : []));
      expect({ gets, states: states() }).toEqual({ gets: [false, true, true, true], states: ['open'] });
    });

    const noList = new Proxy([], { get: (_, property) => (property === 'then' ? undefined : fail()) });
    it.each(
      Object.entries({ nothing: null, text: 'text', noList, object: {}, tooFew: [], foreign: [{ data: 7 }, 'x'] }),
    )('is not believed when it hands back something else for many: %s', async (_, answer) => {
      const store = await open();
      const { remote } = protect({ ...store, getMany: async () => answer as unknown[] });
      expect(await remote.getMany('acme', [newKey(), newKey()])).toEqual([null, null]);
    });

    it('is not believed when it hands back something else', async () => {
      const store = await open();
      const { remote, seen } = protect({
        get: () => ({ data: { v: 2, body: 'not ours' } }),
        set: (...args) => store.set(...args),
      });
      expect(await remote.get('acme', newKey())).toBeNull();
      expect(seen).toContainEqual({ type: 'rejected-blob', tenant: 'acme', reason: 'foreign' });
    });

    it('that hands back what another has written, or was written elsewhere, is not believed and not taken for broken', async () => {
      const store = await open();
      const [mine, other] = [newKey(), newKey()];
      const ids: string[] = [];
      await protect({ ...store, set: (id, ...rest) => (ids.push(id), store.set(id, ...rest)) }).remote.set(
        'acme',
        other,
        entryOf('of another key'),
      );
      const { remote, seen, states } = protect({ ...store, getMany: undefined, get: () => store.get(ids[0] ?? '') });
      for (let attempt = 0; attempt < 10; attempt += 1) expect(await remote.get('acme', mine)).toBeNull();
      expect((await remote.getMany('acme', [mine, other])).map(textOf)).toEqual([null, 'of another key']);
      expect(seen).toContainEqual({ type: 'rejected-blob', tenant: 'acme', reason: 'damaged' });
      expect(states()).toEqual([]);
    });

    it('costs no more than the time of a few commands when it hangs, and is asked once in a while', async () => {
      const store = await open();
      let hangs = true;
      let commands = 0;
      const command = <Result>(run: () => Result) => {
        commands += 1;
        return hangs ? new Promise<Result>(() => {}) : run();
      };
      const { remote, states } = protect(
        {
          get: (id) => command(() => store.get(id)),
          set: (...args) => command(() => store.set(...args)) as PromiseLike<void>,
        },
        briefMs,
      );
      const spent = await timed(async () => {
        for (let attempt = 0; attempt < 50; attempt += 1) await remote.get('acme', 'k');
        for (let attempt = 0; attempt < 50; attempt += 1) await remote.set('acme', 'k', entryOf('x'));
      });
      expect(spent).toBeLessThan(10 * briefMs);
      expect(commands).toBeLessThanOrEqual(5);
      hangs = false;
      const key = newKey();
      await until(async () => (await remote.get('acme', key), states().at(-1) === 'closed'));
      expect(await remote.set('acme', key, entryOf('back'))).toBe(true);
      expect(states().slice(0, 2)).toEqual(['open', 'half-open']);
    });

    it('is left alone while it rejects, tried by one at a time, and used again when it answers', async () => {
      const store = await open();
      let fails = true;
      let commands = 0;
      const { remote, states } = protect({
        get: (id) => ((commands += 1), fails ? Promise.reject(new Error('down')) : store.get(id)),
        // Like createRedisCache over a connection that is gone: its pipeline resolves all the same.
        set: () => {},
      });
      for (let attempt = 0; attempt < 20; attempt += 1) {
        await remote.get('acme', 'k');
        await remote.set('acme', 'k', entryOf('x'));
      }
      expect({ commands, states: states() }).toEqual({ commands: 3, states: ['open'] });
      await until(async () => {
        await Promise.all(Array.from({ length: 20 }, () => remote.get('acme', 'k')));
        return commands > 3;
      });
      expect({ commands, states: states() }).toEqual({ commands: 4, states: ['open', 'half-open', 'open'] });
      fails = false;
      await until(async () => (await remote.get('acme', 'k'), states().at(-1) === 'closed'));
      expect(await remote.set('acme', 'k', entryOf('x'))).toBe(true);
    });

    it('rejects late, or throws at once, without anybody else noticing', async () => {
      const unhandled: unknown[] = [];
      const note = (error: unknown) => void unhandled.push(error);
      process.on('unhandledRejection', note);
      try {
        const late: ((error: Error) => void)[] = [];
        const hanging = () => new Promise<never>((_resolve, reject) => late.push(reject));
        const { remote } = protect({ get: hanging, set: hanging }, briefMs);
        expect(await remote.get('acme', 'k')).toBeNull();
        expect(await remote.set('acme', 'k', entryOf('x'))).toBe(false);
        for (const reject of late) reject(new Error('much too late'));
        const thrower = () => {
          throw new Error('at once');
        };
        const throwing = protect({ get: thrower, set: thrower }).remote;
        expect(await throwing.get('acme', 'k')).toBeNull();
        expect(await throwing.set('acme', 'k', entryOf('x'))).toBe(false);
        await new Promise((resolve) => setImmediate(resolve)); // unhandled rejections are reported before this
        expect(unhandled).toEqual([]);
      } finally {
        process.off('unhandledRejection', note);
      }
    });
  });
}

function fail(): never {
  throw new Error('trapped');
}
