// Each file adds its types, queries or mutations.
import './person.ts';
import './team.ts';
import './role.ts';
import './list.ts';
import './search.ts';
import './create-person.ts';
import './update-person.ts';
import './deactivate-person.ts';
import './set-person-roles.ts';
