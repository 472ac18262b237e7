import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../support/built-server.ts';

/** nginx as a caching proxy, a process of the test's own. */
export interface Nginx {
  /** One base address for each server of the configuration. */
  readonly urls: readonly string[];
  stop(): Promise<void>;
}

/** What a caching proxy is told: whom it asks, and more settings of its `location`. */
export interface CachingServer {
  origin: string;
  settings: string;
}

const places = ['nginx', '/usr/sbin/nginx', '/opt/homebrew/bin/nginx', '/usr/local/sbin/nginx'];

/** nginx where it is installed, else null: `script/bootstrap` installs it. `NGINX_PATH` names another. */
export const nginxPath: string | null =
  [process.env['NGINX_PATH'] ?? places].flat().find((place) => !spawnSync(place, ['-v']).error) ?? null;

/** Starts it with a cache for each server, all of whose files lie in a temporary folder. */
export async function startNginx(servers: readonly CachingServer[]): Promise<Nginx> {
  if (!nginxPath) throw new Error('nginx is not installed: run script/bootstrap.');
  const folder = await mkdtemp(join(tmpdir(), 'freshfield-nginx-'));
  const ports = await freePorts(servers.length);
  await mkdir(join(folder, 'temporary'));
  await writeFile(join(folder, 'nginx.conf'), configuration(folder, servers, ports));
  const nginx = spawn(nginxPath, ['-p', folder, '-e', join(folder, 'error.log'), '-c', join(folder, 'nginx.conf')], {
    stdio: 'ignore',
  });
  const urls = ports.map((port) => `http://127.0.0.1:${port}`);
  const stop = async () => {
    await endOf(nginx);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await until(async () => {
      if (nginx.exitCode !== null) throw new Error(await readFile(join(folder, 'error.log'), 'utf8'));
      return answers(urls[0] ?? '');
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { urls, stop };
}

function configuration(folder: string, servers: readonly CachingServer[], ports: readonly number[]): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
    daemon off;
    master_process off; # one process: it is root only where the tests are, and ends as soon as it is told
    pid ${folder}/nginx.pid;
    events { worker_connections 256; }
    http {
      access_log off;
      ${temporary.map((what) => `${what}_temp_path ${folder}/temporary/${what};`).join('\n      ')}
      gzip on;
      gzip_proxied any;
      gzip_min_length 20;
      gzip_types application/json application/graphql-response+json;
      ${servers.map((server, index) => cachingServer(folder, server, ports[index] ?? 0)).join('\n')}
    }
  `;
}

function cachingServer(folder: string, { origin, settings }: CachingServer, port: number): string {
  return `
      proxy_cache_path ${folder}/cache-${port} keys_zone=answers-${port}:1m max_size=50m inactive=1h use_temp_path=off;
      server {
        listen 127.0.0.1:${port};
        large_client_header_buffers 4 16k;
        location = /nginx { return 204; }
        location / {
          proxy_pass ${origin.replace('localhost', '127.0.0.1')};
          proxy_set_header Host $http_host;
          proxy_set_header Connection "";
          proxy_cache answers-${port};
          proxy_cache_revalidate on;
          add_header X-Proxy-Cache $upstream_cache_status always;
          ${settings}
        }
      }`;
}

async function answers(url: string): Promise<boolean> {
  return fetch(`${url}/nginx`).then(
    ({ status }) => status === 204,
    () => false,
  );
}

async function endOf(nginx: ChildProcess): Promise<void> {
  if (nginx.exitCode !== null || nginx.signalCode !== null) return;
  const gone = once(nginx, 'exit');
  nginx.kill('SIGTERM');
  await gone;
}

async function freePorts(count: number): Promise<number[]> {
  const taken = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(taken.map((server) => once(server, 'listening')));
  const ports = taken.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(taken.map((server) => (server.close(), once(server, 'close'))));
  return ports;
}
