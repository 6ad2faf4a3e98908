import type { Ability, PrimaryKeyAbilities, PrimaryKeyInfo } from '@trusthold/core/ports'
import type { CallOptions, Transport } from '../cluster/index.js'
import { query, queryRequest } from '../operations/index.js'
import { isAtLeast, type KmipVersion } from '../ttlv/index.js'
import { sealedSince } from './seal.js'

/** What all servers of a cluster have in common, of those that can be reached. */
export interface ServerAbilities {
  readonly versions: readonly KmipVersion[]
  /** Operations that every one of them says it has. */
  readonly operations: ReadonlySet<unknown>
}

/** Asks every server for its version and its operations: any of them may have to answer. */
export async function askAbilities(transport: Transport, call: CallOptions): Promise<ServerAbilities> {
  const versions: KmipVersion[] = []
  const request = (version: KmipVersion) => {
    versions.push(version)
    return queryRequest(['QueryOperations'], version)
  }
  const answers = await transport.performEverywhere(query, request, call)
  const [first = new Set(), ...others] = answers.map(({ operation = [] }) => new Set<unknown>(operation))
  const operations = new Set([...first].filter((name) => others.every((other) => other.has(name))))
  return { versions, operations }
}

const no = (reason: string): Ability => ({ able: false, reason })

/** What keeps the servers from an operation with authenticated encryption; undefined when nothing does. */
function findServersFault({ versions, operations }: ServerAbilities, name: string): string | undefined {
  const old = versions.find((version) => !isAtLeast(version, sealedSince))
  if (old !== undefined) {
    return `authenticated encryption needs KMIP ${sealedSince}, and a server speaks ${old}`
  }
  return operations.has(name) ? undefined : `not every server says that it has the operation ${name}`
}

function findKeysFault(info: PrimaryKeyInfo, use: 'encrypt' | 'decrypt'): string | undefined {
  const { algorithm, length, state, usage } = info
  if (algorithm !== 'AES' || length !== 256) return `the key is ${algorithm}-${length}, expected AES-256`
  // Decryption with a deactivated key is allowed by the specification, and refused by some servers.
  if (state !== 'active') return `the key is ${state}`
  return usage.includes(use) ? undefined : `the key may not be used to ${use}`
}

/** What can be done with a key, from the servers' versions, the operations that they have, and its attributes. */
export function judgeAbilities(servers: ServerAbilities, info: PrimaryKeyInfo): PrimaryKeyAbilities {
  const sealing = (use: 'encrypt' | 'decrypt', operation: string): Ability => {
    const fault = findServersFault(servers, operation) ?? findKeysFault(info, use)
    return fault === undefined ? { able: true } : no(fault)
  }
  return {
    get: info.extractable === false ? no('the server does not let the key leave') : { able: true },
    encrypt: sealing('encrypt', 'Encrypt'),
    decrypt: sealing('decrypt', 'Decrypt'),
  }
}
