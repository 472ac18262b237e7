import type { IncomingMessage } from 'node:http';
import type { ExecutionArgs } from 'graphql';
import type pg from 'pg';
import { AskAgain, type CoherentCache, type Seq } from '../cache/index.ts';
import type { CacheFacts } from '../db/cache-facts.ts';
import { createTenantSession, type SessionCost, type TenantSession } from '../db/session.ts';
import type { Viewer } from '../graphql/viewer.ts';
import type { PersonId } from '../ids.ts';
import { HttpError, invalidToken } from './http-error.ts';
import { createKnownViewer } from './known-viewer.ts';
import { preferredLocale } from './preferred-locale.ts';
import type { Question } from './question.ts';
import { noDirectives, requestDirectives } from './request-directives.ts';
import { addCost, type RequestRecord } from './request-record.ts';
import type { CachedBytes, CachedResult } from './cached-result.ts';
import type { CachedExecution, ResponseCache } from './response-cache.ts';
import { openRun } from './run.ts';
import type { Identity } from './tokens.ts';

export interface ReadingOptions {
  cache: CoherentCache;
  /** What the database says about caching. */
  cacheFacts: () => Promise<CacheFacts>;
  responses: ResponseCache;
  /** Names the code that says who is asking. */
  codeHash: string;
  /** On the primary. */
  pool: pg.Pool;
  /** A little behind the primary; queries read here where the cache does not need newer. @default pool */
  replica?: pg.Pool | null;
  loadViewer: (session: TenantSession, personId: PersonId) => Promise<Viewer | null>;
  /** The clock. */
  now: () => Date;
}

/** What one request reads through the cache: all of it at least as new as what was acknowledged when it began. */
export interface Reading {
  readonly viewer: Viewer;
  /**
   * Whom anything is done for but serving what is kept: `viewer`, unless that turns out to be another by now. Fails where
   * nobody can say.
   */
  confirm(): Promise<Viewer>;
  /** What has been answered before and still holds, where the request asks for nothing else; null otherwise. */
  glance(question: Question): CachedBytes | null;
  execute(args: ExecutionArgs, by: ReadingBy): Promise<CachedResult>;
}

export interface ReadingBy extends Pick<CachedExecution, 'execute' | 'takesParts'> {
  /** Aborted when the client goes away. */
  client: AbortSignal;
}

/** As much of a request as says how it is read. */
type Head = Pick<IncomingMessage, 'headers'>;

export interface ReadingOf {
  head: Head;
  /** The token of a change that it is to see, beside the one of the head. @default none */
  since?: Seq | null;
  record: RequestRecord;
}

export function createReading(options: ReadingOptions) {
  const { cache, cacheFacts, responses, pool, replica } = options;
  const knownViewer = createKnownViewer(options);

  return async (identity: Identity, { head: request, since = null, record }: ReadingOf): Promise<Reading> => {
    const [{ tracked, keySecret }, reader] = await Promise.all([
      cacheFacts(),
      cache.begin(identity.tenantId, latest(tokenOf(request), since)),
    ]);
    const directives = requestDirectives(request.headers);
    const placeOf = ({ primary }: { primary: boolean }) =>
      primary || !replica ? { pool } : { pool: replica, epoch: reader.epoch };
    const onClose = (cost: SessionCost) => addCost(record, cost);
    const known = await knownViewer({
      identity,
      reader,
      keySecret,
      openSession: (where) => createTenantSession({ ...placeOf(where), ...identity, tracked }),
      onClose,
    });
    const viewer = admitted(known.viewer);
    const confirm = async () => admitted(await known.confirm());
    const locale = preferredLocale(request.headers['accept-language']);
    return {
      viewer,
      confirm,
      glance(question) {
        if (directives !== noDirectives) return null;
        return responses.glance(question, { reader, asker: { viewer, locale }, keySecret });
      },
      async execute(args, by) {
        try {
          return await executeAs(viewer, args, by);
        } catch (error) {
          if (!(error instanceof AnotherByNow)) throw error;
          return executeAs(await confirm(), args, by);
        }
      },
    };

    function executeAs(who: Viewer, args: ExecutionArgs, by: ReadingBy): Promise<CachedResult> {
      const asker = { viewer: who, locale };
      return responses.execute({
        ...by,
        args,
        reader,
        asker,
        keySecret,
        directives,
        async openRun(where, fields) {
          if ((await confirm()) !== who) throw new AnotherByNow();
          const { requestId } = record;
          return openRun({ ...where, ...placeOf(where), reader, tracked, asker, requestId, fields, onClose });
        },
      });
    }
  };
}

/** Nothing is read for somebody who may see something else by now. */
class AnotherByNow extends AskAgain {}

function admitted(viewer: Viewer | null): Viewer {
  if (!viewer) throw invalidToken('The token names nobody who may come in.');
  return viewer;
}

function latest(sent: Seq | undefined, since: Seq | null): Seq | undefined {
  return since === null ? sent : Math.max(since, sent ?? since);
}

/** The token of the client's last mutation, sent back for session reads. */
function tokenOf({ headers }: Head): Seq | undefined {
  const sent = headers['x-cache-token'];
  if (sent === undefined) return undefined;
  if (typeof sent === 'string' && /^\d{1,15}$/.test(sent)) return Number(sent);
  throw new HttpError('BAD_USER_INPUT', 'Send X-Cache-Token as a mutation answered it, or leave it out.');
}
