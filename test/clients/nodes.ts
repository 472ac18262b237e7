import { createApp, type AppOptions } from '../../src/app/create-app.ts';
import { builder } from '../../src/graphql/builder.ts';
import { createWorld, testNow, testTokens, type World } from '../support/world.ts';

const gates = new Map<string, Gate>();

interface Gate {
  open: () => void;
  opened: Promise<string>;
}

// Fields that no module has.
builder.queryFields((t) => ({
  gated: t.string({
    description: 'Answered once the test opens the gate of this name.',
    args: { name: t.arg.string({ required: true, description: 'Of the gate.' }) },
    cacheControl: { maxAge: 300 },
    resolve: (_root, { name }) => gateOf(name).opened,
  }),
}));

function gateOf(name: string): Gate {
  const known = gates.get(name);
  if (known) return known;
  let open = () => {};
  const opened = new Promise<string>((resolve) => (open = () => resolve(`through ${name}`)));
  gates.set(name, { open, opened });
  return { open, opened };
}

/** Lets `gated(name:)` answer. */
export function openGate(name: string): void {
  gateOf(name).open();
}

/** A world whose application is one of several nodes on its database. */
export interface Nodes extends World {
  /** The GraphQL endpoint of the world's own node. */
  url: string;
  /** Starts another node; answers its endpoint. */
  startNode(options?: Partial<AppOptions>): Promise<string>;
}

export async function createNodes(): Promise<Nodes> {
  const world = await createWorld();
  const started: (() => Promise<void>)[] = [];
  return {
    ...world,
    url: `${world.baseUrl}/graphql`,
    async startNode(options) {
      const app = createApp({ databaseUrl: world.database.url, tokens: testTokens, now: () => testNow, ...options });
      started.push(() => app.close());
      return `${await app.listen(0)}/graphql`;
    },
    async close() {
      for (const close of started) await close();
      await world.close();
    },
  };
}
