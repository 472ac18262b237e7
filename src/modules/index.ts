// Importing a module adds its types, queries and mutations to the schema.
import './people/schema.ts';
import './tenant/schema.ts';
import './tenant/update-tenant.ts';
import './viewer/schema.ts';
import './assets/mutations.ts';
import './jobs/mutations.ts';
import './sites/schema.ts';
import './choices/schema.ts';
import './dashboard/schema.ts';
import './dashboard/statistics.ts';
import './dashboard/trends.ts';
import './customers/schema.ts';
import './tickets/schema.ts';
import './attendance/schema.ts';
import './rota/schema.ts';
import './cache/purge-cache.ts';
import './cache/warm-cache.ts';
