// A view of one finalised block, through a node or through a light client. Both speak the same protocol (chainHead_v1 of
// the JSON-RPC specification); what differs is who has to be believed. A node's answers are believed. The light client
// believes the chain spec alone: it verifies GRANDPA's finality from genesis on, and every value by its storage proof.
import { readFileSync } from 'node:fs';
import { Metadata, TypeRegistry } from '@polkadot/types';
import { expandMetadata } from '@polkadot/types/metadata/decorate';
import { compactStripLength, hexToU8a, stringCamelCase, u8aToHex } from '@polkadot/util';
import WebSocket from 'ws';

/** The chain could not be read: nothing can be said about any certificate. */
export class Unreachable extends Error {}

/** The blocks that were followed are gone: a light client that just caught up, or a busy node. Reading again helps. */
export class Stopped extends Unreachable {}

// --- Transports: something that sends one message and hands over each answer ------------------------------------------

async function node(url, onMessage, onClosed) {
  const socket = new WebSocket(url, { maxPayload: 64 * 1024 * 1024, handshakeTimeout: 15_000 });
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', (error) => reject(new Unreachable(`no node answers at ${url}: ${error.message || error.code}`)));
  });
  socket.on('message', (data) => onMessage(data.toString()));
  socket.on('error', (error) => onClosed(error.message));
  socket.on('close', () => onClosed('the connection was closed'));
  return {
    send: (message) => socket.send(message),
    // Without waiting for the other side's goodbye: nothing is under way any more.
    close: async () => socket.terminate(),
  };
}

async function lightClient(file, onMessage, onClosed, log) {
  const { start } = await import('smoldot');
  let chainSpec;
  try {
    chainSpec = readFileSync(file, 'utf8');
  } catch (error) {
    throw new Unreachable(`the chain spec cannot be read: ${error.message}`);
  }
  const client = start({ maxLogLevel: 3, logCallback: (_, target, message) => log(`${target}: ${message}`) });
  let chain;
  try {
    chain = await client.addChain({ chainSpec });
  } catch (error) {
    await client.terminate();
    throw new Unreachable(`${file} is no chain spec for a light client (a raw one with boot nodes): ${error.message}`);
  }
  let open = true;
  (async () => {
    while (open) onMessage(await chain.nextJsonRpcResponse());
  })().catch((error) => open && onClosed(error.message));
  return {
    send: (message) => chain.sendJsonRpc(message),
    close: async () => {
      open = false;
      await client.terminate();
    },
  };
}

// --- The chain's head -------------------------------------------------------------------------------------------------

/**
 * Follows the finalised head of a chain. `at` is one of `{ node: URL }` and `{ light: FILE }`; `timeout` in seconds is
 * how long anything may take.
 */
export class Chain {
  #transport;
  #pending = new Map();
  #lastId = 0;
  #subscription;
  /** Events of a subscription whose name is not known yet. */
  #unclaimed = [];
  /** Hash of the newest finalised block. */
  #finalised;
  /** Hash of the block that is being read from. */
  #held;
  /** Hashes of the blocks that the other side keeps for us. */
  #pinned = new Set();
  #operations = new Map();
  /** Events of operations whose number is not known yet. */
  #early = [];
  #waiting = new Set();
  #failure;
  #timer;
  #decoders = new Map();

  static async connect(at, { timeout = 120, log = () => {} } = {}) {
    const chain = new Chain();
    const onMessage = (message) => chain.#receive(message);
    const onClosed = (why) => chain.#fail(new Unreachable(why));
    chain.#timer = setTimeout(
      () => chain.#fail(new Unreachable(`the chain did not answer within ${timeout} s`)),
      timeout * 1000
    );
    try {
      chain.#transport = at.light ? await lightClient(at.light, onMessage, onClosed, log) : await node(at.node, onMessage, onClosed);
      chain.light = Boolean(at.light);
      chain.genesis = await chain.#call('chainSpec_v1_genesisHash');
      await chain.#follow();
      return chain;
    } catch (error) {
      await chain.close();
      throw error;
    }
  }

  async close() {
    clearTimeout(this.#timer);
    this.#failure ??= new Unreachable('closed');
    await this.#transport?.close();
  }

  async #follow() {
    this.#subscription = undefined;
    this.#subscription = await this.#call('chainHead_v1_follow', true);
    for (const params of this.#unclaimed.splice(0)) this.#event(params);
  }

  /**
   * A finalised block behind genesis, other than `after`; null when there is none within `patience` seconds. It can be
   * read from until another one is asked for.
   */
  async block({ after, patience = Infinity } = {}) {
    const deadline = Date.now() + patience * 1000;
    while (!this.#finalised || this.#finalised === this.genesis || this.#finalised === after) {
      if (!(await this.#change(deadline))) return null;
    }
    const before = this.#held;
    this.#held = this.#finalised;
    if (before && before !== this.#held) this.#release([before]);
    return new Block(this, this.#held);
  }

  /** Resolves when something happened, to false when the deadline came first. */
  #change(deadline) {
    if (this.#failure) throw this.#failure;
    return new Promise((resolve, reject) => {
      let timer;
      const waiter = {
        reject,
        resolve: (changed) => {
          clearTimeout(timer);
          this.#waiting.delete(waiter);
          resolve(changed);
        },
      };
      this.#waiting.add(waiter);
      if (deadline !== Infinity) timer = setTimeout(() => waiter.resolve(false), Math.max(0, deadline - Date.now()));
    });
  }

  #call(method, ...params) {
    if (this.#failure) throw this.#failure;
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, method });
      this.#transport.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    });
  }

  #fail(error) {
    this.#failure ??= error;
    for (const { reject } of [...this.#pending.values(), ...this.#operations.values(), ...this.#waiting]) reject(this.#failure);
    this.#pending.clear();
    this.#operations.clear();
    this.#waiting.clear();
  }

  #receive(text) {
    const message = JSON.parse(text);
    if (message.id !== undefined && message.id !== null) {
      const { resolve, reject, method } = this.#pending.get(message.id) ?? {};
      this.#pending.delete(message.id);
      if (message.error) reject?.(new Unreachable(`${method}: ${message.error.message}`));
      else resolve?.(message.result);
    } else if (message.params) {
      if (this.#subscription === undefined) this.#unclaimed.push(message.params);
      else this.#event(message.params);
    }
  }

  #event({ subscription, result }) {
    if (subscription !== this.#subscription) return;
    switch (result.event) {
      case 'initialized':
        this.#advance(result.finalizedBlockHashes, []);
        break;
      case 'newBlock':
        this.#pinned.add(result.blockHash);
        break;
      case 'finalized':
        this.#advance(result.finalizedBlockHashes, result.prunedBlockHashes);
        break;
      case 'stop':
        this.#stop();
        break;
      default:
        if (result.operationId !== undefined) this.#operation(result);
    }
  }

  #advance(finalised, pruned) {
    const old = [...pruned, ...finalised.slice(0, -1)];
    if (this.#finalised) old.push(this.#finalised);
    for (const hash of finalised) this.#pinned.add(hash);
    this.#finalised = finalised.at(-1);
    this.#release(old.filter((hash) => hash !== this.#held && hash !== this.#finalised && this.#pinned.has(hash)));
    for (const waiter of [...this.#waiting]) waiter.resolve(true);
  }

  /** Begins anew. What was being read has to be read again. */
  #stop() {
    this.#finalised = undefined;
    this.#held = undefined;
    this.#pinned.clear();
    this.#early = [];
    const stopped = new Stopped('the chain stopped to answer for this block; try again');
    for (const { reject } of this.#operations.values()) reject(stopped);
    this.#operations.clear();
    this.#follow().catch((error) => this.#fail(error));
  }

  /** Gives blocks back that nobody reads from: a node keeps only so many for one client. */
  #release(hashes) {
    for (const hash of hashes) {
      this.#pinned.delete(hash);
      this.#call('chainHead_v1_unpin', this.#subscription, hash).catch(() => {});
    }
  }

  #operation(event) {
    const { operationId } = event;
    const running = this.#operations.get(operationId);
    if (!running) {
      this.#early.push(event);
      return;
    }
    const end = (act) => {
      this.#operations.delete(operationId);
      act();
    };
    switch (event.event) {
      case 'operationStorageItems':
        running.items.push(...event.items);
        break;
      case 'operationWaitingForContinue':
        this.#call('chainHead_v1_continue', this.#subscription, operationId).catch(running.reject);
        break;
      case 'operationStorageDone':
        end(() => running.resolve(running.items));
        break;
      case 'operationCallDone':
        end(() => running.resolve(event.output));
        break;
      default:
        end(() => running.reject(new Unreachable(`the block could not be read: ${event.error ?? event.event}`)));
    }
  }

  async #operate(method, ...params) {
    // The other side may forget the block meanwhile.
    const started = await this.#call(method, this.#subscription, ...params).catch((error) => {
      throw this.#held === params[0] ? error : new Stopped(error.message);
    });
    // "limitReached" is also what a subscription gets that was stopped meanwhile.
    if (started.result !== 'started') throw new Stopped(`${method}: ${started.result}`);
    return new Promise((resolve, reject) => {
      this.#operations.set(started.operationId, { resolve, reject, items: [] });
      const early = this.#early.filter(({ operationId }) => operationId === started.operationId);
      this.#early = this.#early.filter(({ operationId }) => operationId !== started.operationId);
      for (const event of early) this.#operation(event);
    });
  }

  /** Values by key, both as hex. */
  async storage(block, keys) {
    const items = await this.#operate('chainHead_v1_storage', block, keys.map((key) => ({ key, type: 'value' })), null);
    return new Map(items.map(({ key, value }) => [key, value]));
  }

  /** What a function of the runtime answers, as hex. */
  async runtime(block, name, input = '0x') {
    return this.#operate('chainHead_v1_call', block, name, input);
  }

  /** How the state of `block` is encoded; read once for each version of the runtime. */
  async decoder(block) {
    const version = await this.runtime(block, 'Core_version');
    if (!this.#decoders.has(version)) {
      // Option<OpaqueMetadata> of version 15: the option's byte, and the length of the rest.
      const answer = hexToU8a(await this.runtime(block, 'Metadata_metadata_at_version', '0x0f000000'));
      if (answer[0] !== 1) throw new Unreachable('the runtime does not offer metadata of version 15');
      const [, bytes] = compactStripLength(answer.subarray(1));
      const registry = new TypeRegistry();
      const metadata = new Metadata(registry, bytes);
      // Without a word about extensions of transactions that it does not know: there are none here.
      registry.setMetadata(metadata, undefined, undefined, true);
      this.#decoders.set(version, { registry, ...expandMetadata(registry, metadata) });
    }
    return this.#decoders.get(version);
  }
}

/** One finalised block. */
class Block {
  #chain;

  constructor(chain, hash) {
    this.#chain = chain;
    this.hash = hash;
  }

  get genesis() {
    return this.#chain.genesis;
  }

  /**
   * Values of storage, in the order asked for: `[pallet, item, ...keys]` each; null where there is none. An item that the
   * runtime does not have is null, too.
   */
  async read(...wanted) {
    const { registry, query } = await this.#chain.decoder(this.hash);
    const entries = wanted.map(([pallet, item, ...keys]) => {
      const entry = query[stringCamelCase(pallet)]?.[stringCamelCase(item)];
      if (!entry) return null;
      const { type } = entry.meta;
      const [, key] = compactStripLength(keys.length > 0 ? entry(...keys) : entry());
      return { key: u8aToHex(key), type: registry.createLookupType(type.isPlain ? type.asPlain : type.asMap.value) };
    });
    const found = await this.#chain.storage(this.hash, entries.filter(Boolean).map(({ key }) => key));
    return entries.map((entry) => {
      const value = entry && found.get(entry.key);
      return value === undefined || value === null ? null : registry.createTypeUnsafe(entry.type, [hexToU8a(value)]);
    });
  }

  /** A constant of the runtime, or null when it has none of this name. */
  async constant(pallet, name) {
    const { consts } = await this.#chain.decoder(this.hash);
    return consts[stringCamelCase(pallet)]?.[stringCamelCase(name)] ?? null;
  }
}
