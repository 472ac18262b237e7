import { promisify } from 'node:util';
import { brotliCompress, brotliCompressSync, brotliDecompress, brotliDecompressSync, constants } from 'node:zlib';
import type { RejectReason } from '../events.ts';
import { maxPayloadBytes } from './payload.ts';

/** Below this there is little to gain, and unpacking would take longer than everything else. In bytes. */
const worthwhileBytes = 1_024;
/** From here on it is done beside the event loop, which would otherwise stand still for about a third of a millisecond. */
const offLoopBytes = 128 * 1024;

/** The first byte says which; what is compressed says its size next. */
const plain = 0;
const brotli = 1;
const brotliHeadBytes = 5;

/** Of JSON it leaves a fourth, as deflate's level 1 does, in less time; five times the work would leave a fifth. */
const fastest = {
  [constants.BROTLI_PARAM_QUALITY]: 1,
  [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
};

export async function compress(payload: Buffer): Promise<Buffer> {
  const size = payload.byteLength;
  if (size < worthwhileBytes) return marked(plain, payload);
  const options = { params: { ...fastest, [constants.BROTLI_PARAM_SIZE_HINT]: size } };
  const compressed =
    size < offLoopBytes ? brotliCompressSync(payload, options) : await promisify(brotliCompress)(payload, options);
  if (compressed.byteLength + brotliHeadBytes > size) return marked(plain, payload);
  const head = Buffer.alloc(brotliHeadBytes, brotli);
  head.writeUInt32BE(size, 1);
  return Buffer.concat([head, compressed]);
}

/** Takes no more memory than what it says it needs, and never more than the largest entry: a bomb stays shut. */
export async function decompress(content: Buffer): Promise<Buffer | RejectReason> {
  if (content[0] === plain) return content.subarray(1);
  if (content[0] !== brotli) return 'version';
  const size = content.readUInt32BE(1);
  if (size > maxPayloadBytes) return 'too-large';
  try {
    const compressed = content.subarray(brotliHeadBytes);
    const options = { maxOutputLength: size };
    const payload =
      size < offLoopBytes
        ? brotliDecompressSync(compressed, options)
        : await promisify(brotliDecompress)(compressed, options);
    return payload.byteLength === size ? payload : 'damaged';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? 'too-large' : 'damaged';
  }
}

function marked(mark: number, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.of(mark), payload]);
}
