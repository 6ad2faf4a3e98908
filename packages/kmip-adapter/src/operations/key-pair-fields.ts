import {
  type Attribute,
  attributes,
  hasTaggedAttributes,
  storageMasks,
  templateAttribute,
} from '../protocol/index.js'
import { type KmipVersion, maybe, one, text } from '../ttlv/index.js'
import { numberInstances } from './new-attributes.js'

const until14 = { until: '1.4' } as const
const since20 = { since: '2.0' } as const

/** The fields of a request for a key pair that say what the keys get. */
export const keyPairRequestFields = {
  commonTemplateAttribute: maybe('CommonTemplateAttribute', templateAttribute, until14),
  privateKeyTemplateAttribute: maybe('PrivateKeyTemplateAttribute', templateAttribute, until14),
  publicKeyTemplateAttribute: maybe('PublicKeyTemplateAttribute', templateAttribute, until14),
  commonAttributes: maybe('CommonAttributes', attributes, since20),
  privateKeyAttributes: maybe('PrivateKeyAttributes', attributes, since20),
  publicKeyAttributes: maybe('PublicKeyAttributes', attributes, since20),
  commonProtectionStorageMasks: maybe('CommonProtectionStorageMasks', storageMasks, since20),
  privateProtectionStorageMasks: maybe('PrivateProtectionStorageMasks', storageMasks, since20),
  publicProtectionStorageMasks: maybe('PublicProtectionStorageMasks', storageMasks, since20),
} as const

/** The fields of an answer that names a new key pair. */
export const keyPairResponseFields = {
  privateKeyUniqueIdentifier: one('PrivateKeyUniqueIdentifier', text),
  publicKeyUniqueIdentifier: one('PublicKeyUniqueIdentifier', text),
  privateKeyTemplateAttribute: maybe('PrivateKeyTemplateAttribute', templateAttribute, until14),
  publicKeyTemplateAttribute: maybe('PublicKeyTemplateAttribute', templateAttribute, until14),
} as const

/** Attributes for both keys of a new pair, and for each of them. */
export interface KeyPairAttributes {
  readonly common?: readonly Attribute[]
  readonly privateKey?: readonly Attribute[]
  readonly publicKey?: readonly Attribute[]
}

/** Those attributes in the form of a version. */
export function keyPairAttributes(
  { common, privateKey, publicKey }: KeyPairAttributes,
  version: KmipVersion,
) {
  if (hasTaggedAttributes(version)) {
    return {
      ...(common === undefined ? {} : { commonAttributes: common }),
      ...(privateKey === undefined ? {} : { privateKeyAttributes: privateKey }),
      ...(publicKey === undefined ? {} : { publicKeyAttributes: publicKey }),
    }
  }
  return {
    ...(common === undefined ? {} : { commonTemplateAttribute: { attribute: numberInstances(common) } }),
    ...(privateKey === undefined
      ? {}
      : { privateKeyTemplateAttribute: { attribute: numberInstances(privateKey) } }),
    ...(publicKey === undefined
      ? {}
      : { publicKeyTemplateAttribute: { attribute: numberInstances(publicKey) } }),
  }
}
