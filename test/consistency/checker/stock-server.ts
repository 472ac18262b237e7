import { createServer } from 'node:http';
import { useResponseCache } from '@envelop/response-cache';
import { createRedisCache } from '@envelop/response-cache-redis';
import { createSchema, createYoga } from 'graphql-yoga';
import { Redis } from 'ioredis';
import pg from 'pg';

/**
 * Yoga with its response cache and Redis as their documentation shows it, over the same rows: what the checker must
 * find fault with, or it would find none anywhere. Every change goes through a mutation that answers the changed
 * entity, which is all that cache asks for.
 */
const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'] });
const redis = new Redis(process.env['REDIS_URL'] ?? '');
const tenant = process.env['TENANT_ID'];
const columns = `id, version, status`;

const schema = createSchema({
  typeDefs: /* GraphQL */ `
    type Asset {
      id: ID!
      version: Int!
      status: String!
    }
    type Query {
      asset(id: ID!): Asset
      assets(site: ID!, status: String): [Asset!]!
      assetCount(site: ID!): Int!
    }
    type Mutation {
      updateAsset(id: ID!, status: String!): Asset
      createAsset(id: ID!, site: ID!): Asset
    }
  `,
  resolvers: {
    Query: {
      asset: (_root, { id }: { id: string }) =>
        one(`SELECT ${columns} FROM assets WHERE tenant_id = $1 AND id = $2`, [id]),
      assets: async (_root, { site, status }: { site: string; status?: string }) => {
        const text = `SELECT ${columns} FROM assets WHERE tenant_id = $1 AND site_id = $2 AND ($3::text IS NULL OR status = $3)`;
        return (await pool.query(text, [tenant, site, status ?? null])).rows;
      },
      assetCount: async (_root, { site }: { site: string }) =>
        (await one(`SELECT count(*)::int AS count FROM assets WHERE tenant_id = $1 AND site_id = $2`, [site])).count,
    },
    Mutation: {
      updateAsset: (_root, { id, status }: { id: string; status: string }) =>
        one(
          `UPDATE assets SET version = version + 1, status = $3 WHERE tenant_id = $1 AND id = $2 RETURNING ${columns}`,
          [id, status],
        ),
      createAsset: (_root, { id, site }: { id: string; site: string }) =>
        one(
          `INSERT INTO assets (tenant_id, id, name, tag, site_id)
           SELECT $1, wanted, 'One more', wanted, $3 FROM (SELECT $2::uuid AS wanted) RETURNING ${columns}`,
          [id, site],
        ),
    },
  },
});

const yoga = createYoga({
  schema,
  logging: false,
  plugins: [
    useResponseCache({
      session: () => null,
      ttl: 60_000,
      cache: createRedisCache({ redis }),
      includeExtensionMetadata: true,
    }),
  ],
});
createServer((request, response) => void yoga(request, response)).listen(Number(process.env['PORT']));

async function one(text: string, values: unknown[]) {
  return (await pool.query(text, [tenant, ...values])).rows[0];
}
