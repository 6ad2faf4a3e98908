import { concatBytes } from '../../bytes/index.js'
import { encode, yesNo } from '../../codec/index.js'
import { digestOf, type HashAlgorithm } from '../algorithms.js'
import { type CommandName, tpmCc } from '../capabilities/command-codes.js'
import { nameAlgorithmOf } from '../names.js'
import { extendPolicy, type PolicyStep, requireDigest } from './policy-digest.js'

/** TPM2_PolicyCommandCode: the policy is good for this command only. Part 3, section 23.11. */
export function policyCommandCode(command: CommandName | number): PolicyStep {
  const code = encode(tpmCc, command)
  return (hash, digest) => extendPolicy(hash, digest, 'TPM2_PolicyCommandCode', code)
}

/** A command as its cpHash covers it. */
export interface CommandContent {
  readonly command: CommandName | number
  /** Names of what its handles refer to, in their order. */
  readonly names: readonly Uint8Array[]
  /** Its parameters as they are sent, unencrypted. */
  readonly parameters: Uint8Array
}

/** cpHash: the digest of a command with the names of its handles and its parameters. Part 1, section 18.7. */
export function computeCpHash(
  hash: HashAlgorithm,
  { command, names, parameters }: CommandContent,
): Uint8Array {
  return digestOf(hash, concatBytes(encode(tpmCc, command), ...names, parameters))
}

/** nameHash: the digest of the names of a command's handles, in their order. Part 3, section 23.14. */
export function computeNameHash(hash: HashAlgorithm, names: readonly Uint8Array[]): Uint8Array {
  return digestOf(hash, concatBytes(...names))
}

/**
 * TPM2_PolicyCpHash: the policy is good for exactly one command with these parameters. Part 3, section 23.13.
 * @param cpHash by the policy's hash; see {@link computeCpHash}. A length of another hash is ARGUMENT_INVALID.
 */
export function policyCpHash(cpHash: Uint8Array): PolicyStep {
  return (hash, digest) => {
    requireDigest('cpHash', hash, cpHash)
    return extendPolicy(hash, digest, 'TPM2_PolicyCpHash', cpHash)
  }
}

/**
 * TPM2_PolicyNameHash: the policy is good for commands on these entities only. Part 3, section 23.14.
 * @param nameHash by the policy's hash; see {@link computeNameHash}. A length of another hash is ARGUMENT_INVALID.
 */
export function policyNameHash(nameHash: Uint8Array): PolicyStep {
  return (hash, digest) => {
    requireDigest('nameHash', hash, nameHash)
    return extendPolicy(hash, digest, 'TPM2_PolicyNameHash', nameHash)
  }
}

/**
 * TPM2_PolicyTemplate: only objects of this template may be made. Part 3, section 23.21.
 * @param templateHash of the TPMT_PUBLIC by the policy's hash. A length of another hash is ARGUMENT_INVALID.
 */
export function policyTemplate(templateHash: Uint8Array): PolicyStep {
  return (hash, digest) => {
    requireDigest('templateHash', hash, templateHash)
    return extendPolicy(hash, digest, 'TPM2_PolicyTemplate', templateHash)
  }
}

/** Which duplication {@link policyDuplicationSelect} allows. */
export interface DuplicationSelection {
  /** Name of the new parent. */
  readonly newParentName: Uint8Array
  /** Name of the object that may go there; any object that has the policy when it is left out. */
  readonly objectName?: Uint8Array
}

/**
 * TPM2_PolicyDuplicationSelect: the object may be duplicated to one new parent. Part 3, section 23.15.
 * @throws TPM_KEY_INVALID for a name that is none
 */
export function policyDuplicationSelect(selection: DuplicationSelection): PolicyStep {
  const { newParentName, objectName } = selection
  nameAlgorithmOf(newParentName)
  if (objectName !== undefined) nameAlgorithmOf(objectName)
  const args = [objectName ?? new Uint8Array(), newParentName, encode(yesNo, objectName !== undefined)]
  return (hash, digest) => extendPolicy(hash, digest, 'TPM2_PolicyDuplicationSelect', ...args)
}
