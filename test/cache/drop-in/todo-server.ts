import { createSchema, createYoga, type Plugin } from 'graphql-yoga';

/** Somebody else's database. Reads can be held after they have happened, to act out a slow reader. */
export interface TodoDatabase {
  readonly todos: { id: string; title: string; done: boolean }[];
  /** Reads so far: executions, seen from here. */
  reads: number;
  /** Waited for by each read, after it has read. */
  afterRead: () => Promise<void>;
}

export function createTodoDatabase(): TodoDatabase {
  const todos = ['buy milk', 'call Zoë'].map((title, index) => ({ id: String(index + 1), title, done: false }));
  return { todos, reads: 0, afterRead: async () => {} };
}

const typeDefs = /* GraphQL */ `
  type Todo {
    id: ID!
    title: String!
    done: Boolean!
  }
  type Stats {
    open: Int!
  }
  type Query {
    todos(done: Boolean): [Todo!]!
    todo(id: ID!): Todo
    latest: Todo
    stats: Stats!
    count: Int!
  }
  type Mutation {
    addTodo(title: String!): Todo!
    finish(id: ID!): Todo
  }
`;

type Data = Record<string, unknown>;

export interface TodoServer {
  readonly ask: (query: string, headers?: Record<string, string>) => Promise<Data>;
  /** As one batch. */
  readonly askAll: (queries: string[]) => Promise<Data[]>;
}

/** A Yoga server as anybody might have it: nothing of ours in it. */
export function createTodoServer(database: TodoDatabase, plugins: Plugin[]): TodoServer {
  const read = async <Value>(look: (todos: TodoDatabase['todos']) => Value): Promise<Value> => {
    database.reads += 1;
    const value = structuredClone(look(database.todos));
    await database.afterRead();
    return value;
  };
  const yoga = createYoga({
    logging: false,
    batching: true,
    plugins,
    schema: createSchema({
      typeDefs,
      resolvers: {
        Query: {
          todos: (_root, { done }: { done?: boolean }) =>
            read((todos) => todos.filter((todo) => done === undefined || todo.done === done)),
          todo: (_root, { id }: { id: string }) => read((todos) => todos.find((todo) => todo.id === id)),
          latest: () => read((todos) => todos.at(-1)),
          stats: () => read((todos) => ({ open: todos.filter(({ done }) => !done).length })),
          count: () => read((todos) => todos.length),
        },
        Mutation: {
          addTodo(_root, { title }: { title: string }) {
            const todo = { id: String(database.todos.length + 1), title, done: false };
            database.todos.push(todo);
            return { ...todo };
          },
          finish(_root, { id }: { id: string }) {
            const todo = database.todos.find((each) => each.id === id);
            if (todo) todo.done = true;
            return todo && { ...todo };
          },
        },
      },
    }),
  });
  const post = async (body: unknown, headers: Record<string, string> = {}): Promise<unknown> => {
    const response = await yoga.fetch('http://todo.test/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    return response.json();
  };
  const dataOf = (answer: unknown): Data => {
    const { data, errors } = answer as { data?: Data; errors?: unknown };
    if (!data || errors) throw new Error(JSON.stringify(errors));
    return data;
  };
  return {
    ask: async (query, headers) => dataOf(await post({ query }, headers)),
    askAll: async (queries) => ((await post(queries.map((query) => ({ query })))) as unknown[]).map(dataOf),
  };
}
