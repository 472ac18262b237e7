import { afterAll, beforeAll, expect, it } from 'vitest';
import { addPersonWithRole } from '../support/change-person.ts';
import { changeTicket, insertTickets, ticketId } from '../support/tickets.ts';
import { describeBehindNginx, eager } from './behind-nginx.ts';
import './mottos.ts';
import { startNginx, type Nginx } from './nginx.ts';
import { createNodes, type Nodes } from './nodes.ts';
import { startRewritingProxy, type RewritingProxy } from './rewriting-proxy.ts';
import { sweep } from './sweep.ts';

describeBehindNginx(() => {
  let nodes: Nodes;
  let nginx: Nginx;
  const rewriting: RewritingProxy[] = [];
  let [usual, keen, publicised, unvaried] = ['', '', '', ''];

  beforeAll(async () => {
    nodes = await createNodes();
    const wrong = { 'cache-control': 'public, max-age=600' };
    rewriting.push(await startRewritingProxy(nodes.baseUrl, wrong));
    rewriting.push(await startRewritingProxy(nodes.baseUrl, { ...wrong, vary: 'Accept' }));
    nginx = await startNginx([
      { origin: nodes.baseUrl, settings: '' },
      { origin: nodes.baseUrl, settings: eager },
      ...rewriting.map(({ url }) => ({ origin: url, settings: '' })),
    ]);
    [usual = '', keen = '', publicised = '', unvaried = ''] = nginx.urls;
  });
  afterAll(async () => {
    await nginx.stop();
    for (const proxy of rewriting) await proxy.close();
    await nodes.close();
  });

  /** Everything, for everybody, through one proxy, again after each change; answers what was found wrong. */
  async function roundsThrough(via: string) {
    const [id = ''] = await insertTickets(nodes.acme, [{ title: 'Before', reporter_id: nodes.acme.people.member.id }]);
    const leaving = await addPersonWithRole(nodes.acme, {
      key: `desk-${id.slice(-6)}`,
      grants: [['tickets:read', 'any']],
    });
    const { acme, globex } = nodes;
    const options = {
      via,
      origin: nodes.baseUrl,
      viewers: {
        'admin of acme': acme.people.admin.token,
        'member of acme': acme.people.member.token,
        'leaving acme': leaving.token,
        'admin of globex': globex.people.admin.token,
      },
      queries: [
        '{ viewer { person { id name } tenant { slug } permissions } }',
        '{ tickets(first: 50) { totalCount edges { node { id title version } } } }',
        `{ ticket(id: "${ticketId(id)}") { title version } }`,
        '{ sites { id name } motto }',
        '{ falseMotto }',
        '{ tenantMotto }',
        '{ askedMotto }',
      ],
    };
    const findings = [...(await sweep(options)), ...(await sweep(options))];
    await changeTicket(nodes, 'admin', 'updateTicket', { id: ticketId(id), version: 1, title: 'By mutation' });
    findings.push(...(await sweep(options)));
    await nodes.database.owner.query(`UPDATE tickets SET title = 'By hand' WHERE id = $1`, [id]);
    findings.push(...(await sweep(options)));
    await nodes.database.owner.query('DELETE FROM person_roles WHERE person_id = $1', [leaving.id]);
    findings.push(...(await sweep(options)));
    return findings;
  }

  it('nobody gets what is not theirs, or not true any more, from nginx as it comes', async () => {
    expect(await roundsThrough(usual)).toEqual([]);
  });

  it('nor from an nginx that keeps whatever it is not forbidden to', async () => {
    expect(await roundsThrough(keen)).toEqual([]);
  });

  it('the same search finds older answers once Cache-Control is forged, and none of others while Vary stands', async () => {
    const findings = await roundsThrough(publicised);
    expect(findings.length).toBeGreaterThan(0);
    expect(findings.flatMap(({ belongsTo }) => belongsTo)).toEqual([]);
  });

  it('and it finds answers of others once Vary is forged too', async () => {
    const tenantOf = (viewer: string | undefined) => viewer?.split(' ').at(-1);
    const findings = await roundsThrough(unvaried);
    const acrossTenants = findings.filter(
      ({ viewer, belongsTo: [owner] }) => owner && tenantOf(owner) !== tenantOf(viewer),
    );
    expect(acrossTenants.length).toBeGreaterThan(0);
  });
});
