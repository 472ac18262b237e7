// Importing a module adds its types, queries and mutations to the schema.
import './people/schema.ts';
import './assets/mutations.ts';
import './jobs/mutations.ts';
import './sites/schema.ts';
import './choices/schema.ts';
import './customers/schema.ts';
import './tickets/schema.ts';
