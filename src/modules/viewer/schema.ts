// Each file adds its types, queries or mutations.
import './loaders.ts';
import './viewer.ts';
import './preferences.ts';
import './notifications.ts';
