import { addDays, dayMs } from './calendar.ts';
import { createDice, type Dice } from './dice.ts';
import { seedOf, type Stage } from './stage.ts';

export interface Asset {
  id: string;
  siteId: string;
  holderId: string | null;
  /** Key of its type. */
  type: string;
}

const models: Record<string, readonly string[]> = {
  laptop: ['Latitude 7450', 'ThinkPad T14', 'EliteBook 840', 'MacBook Air 13'],
  monitor: ['UltraSharp 27', 'ThinkVision 24', 'ProDisplay 32'],
  phone: ['Galaxy A55', 'iPhone 15', 'Pixel 8a'],
  printer: ['LaserJet 4002', 'WorkForce 5790', 'ECOSYS P3155'],
  switch: ['Catalyst 9200', 'Aruba 6100', 'EX2300'],
  'access-point': ['Meraki MR36', 'UniFi U6 Pro'],
  vehicle: ['Transit Van', 'Ducato Van', 'Kangoo E-Tech'],
};

/** What people hold, what stands at the sites, and some spares; each with its row. */
export function makeAssets(stage: Omit<Stage, 'assets'>) {
  const { plan, people, places } = stage;
  const dice = createDice(seedOf(plan, 'assets'));
  const held = people
    .filter(({ active }) => active)
    .flatMap((person) => [
      { type: 'laptop', siteId: person.siteId, holderId: person.id },
      ...(dice.chance(0.35) ? [{ type: 'phone', siteId: person.siteId, holderId: person.id }] : []),
      ...(dice.chance(0.25) ? [{ type: 'monitor', siteId: person.siteId, holderId: person.id }] : []),
    ]);
  const standing = places.sites.flatMap(({ id }) =>
    ['printer', 'printer', 'switch', 'access-point', 'access-point', 'vehicle', 'monitor', 'laptop'].map((type) => ({
      type,
      siteId: id,
      holderId: null,
    })),
  );
  return [...held, ...standing].map(({ type, siteId, holderId }, index) => {
    const row = assetRow({ stage, dice, index, type, siteId, holderId });
    const asset: Asset = { id: row.id, siteId, holderId: row.holder_id, type };
    return { asset, row };
  });
}

interface AssetInput {
  stage: Omit<Stage, 'assets'>;
  dice: Dice;
  index: number;
  type: string;
  siteId: string;
  holderId: string | null;
}

function assetRow({ stage: { plan, choices, firstDay }, dice, index, type, siteId, holderId }: AssetInput) {
  const createdAt = new Date(Date.parse(firstDay) - dice.int(1, 700) * dayMs);
  const isSpare = holderId === null && (type === 'laptop' || type === 'monitor');
  const ordinary = isSpare ? 'IN_STOCK' : 'IN_USE';
  const status = dice.weighted([[ordinary, 90] as const, ['IN_REPAIR', 5] as const, ['RETIRED', 3] as const]);
  const isGone = status === 'RETIRED';
  return {
    id: dice.idAt(createdAt),
    name: dice.pick(models[type] ?? ['Device']),
    tag: `${plan.slug.slice(0, 3).toUpperCase()}-${String(index + 1).padStart(5, '0')}`,
    serial_number: `SN${dice.int(10_000_000, 99_999_999)}`,
    type_id: choices.ASSET_TYPE.get(type),
    status: dice.chance(0.01) ? 'LOST' : status,
    site_id: siteId,
    holder_id: isGone ? null : holderId,
    purchased_on: addDays(createdAt.toISOString().slice(0, 10), -dice.int(2, 30)),
    created_at: createdAt,
    updated_at: createdAt,
  };
}
