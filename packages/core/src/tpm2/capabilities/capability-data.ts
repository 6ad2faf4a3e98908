import { type Codec, enumOf, type Infer, rest, struct, u32, variant } from '../../codec/index.js'
import { tpmAlgIdOrNumber } from '../algorithms.js'
import { tpm2bName } from '../buffers.js'
import { tpmtHaOrNull } from '../hash-agile.js'
import { tpml, tpmlCc, tpmlEccCurve, tpmlHandle } from '../lists.js'
import { tpmlPcrSelection, tpmsPcrSelect } from '../pcr-selection.js'
import { tpm2bPublic } from '../public-area.js'
import { tpmaAct, tpmaAlgorithm, tpmaCc } from './attributes.js'
import { tpmPt, tpmPtPcr } from './properties.js'

const algProperty = struct('TPMS_ALG_PROPERTY', { alg: tpmAlgIdOrNumber, algProperties: tpmaAlgorithm })
/** TPMS_ALG_PROPERTY. Part 2, section 10.8.1. */
export interface TpmsAlgProperty extends Infer<typeof algProperty> {}

const taggedProperty = struct('TPMS_TAGGED_PROPERTY', { property: tpmPt, value: u32 })
/** TPMS_TAGGED_PROPERTY. Part 2, section 10.8.2. */
export interface TpmsTaggedProperty extends Infer<typeof taggedProperty> {}

const taggedPcrSelect = struct('TPMS_TAGGED_PCR_SELECT', { tag: tpmPtPcr, pcrSelect: tpmsPcrSelect })
/** TPMS_TAGGED_PCR_SELECT: the PCRs that have a property. Part 2, section 10.8.3. */
export interface TpmsTaggedPcrSelect extends Infer<typeof taggedPcrSelect> {}

const taggedPolicy = struct('TPMS_TAGGED_POLICY', { handle: u32, policyHash: tpmtHaOrNull })
/** TPMS_TAGGED_POLICY: the policy of a permanent handle; algorithm `null` when it has none. Part 2, section 10.8.4. */
export interface TpmsTaggedPolicy extends Infer<typeof taggedPolicy> {}

const actData = struct('TPMS_ACT_DATA', { handle: u32, timeout: u32, attributes: tpmaAct })
/** TPMS_ACT_DATA: a countdown timer; `timeout` in seconds. Part 2, section 10.8.5. */
export interface TpmsActData extends Infer<typeof actData> {}

const spdmSessionInfo = struct('TPMS_SPDM_SESSION_INFO', { reqKeyName: tpm2bName, tpmKeyName: tpm2bName })
/** TPMS_SPDM_SESSION_INFO: names of the keys of a secure channel. Part 2 (version 1.84), section 10.8.6. */
export interface TpmsSpdmSessionInfo extends Infer<typeof spdmSessionInfo> {}

const acOutput = struct('TPMS_AC_OUTPUT', { tag: u32, data: u32 })
/** TPMS_AC_OUTPUT: what an attached component says of itself; `tag` is a TPM_AT. Part 2, section 16.3. */
export interface TpmsAcOutput extends Infer<typeof acOutput> {}

/** TPML_AC_CAPABILITIES: answer of TPM2_AC_GetCapability. Part 2, section 16.4. */
export const tpmlAcCapabilities: Codec<readonly TpmsAcOutput[]> = tpml('TPML_AC_CAPABILITIES', acOutput)
/** TPML_ALG_PROPERTY. Part 2, section 10.9.8. */
export const tpmlAlgProperty: Codec<readonly TpmsAlgProperty[]> = tpml('TPML_ALG_PROPERTY', algProperty)
/** TPML_CCA. Part 2, section 10.9.2. */
export const tpmlCca: Codec<readonly Infer<typeof tpmaCc>[]> = tpml('TPML_CCA', tpmaCc)
/** TPML_TAGGED_TPM_PROPERTY. Part 2, section 10.9.9. */
export const tpmlTaggedTpmProperty: Codec<readonly TpmsTaggedProperty[]> = tpml(
  'TPML_TAGGED_TPM_PROPERTY',
  taggedProperty,
)
/** TPML_TAGGED_PCR_PROPERTY. Part 2, section 10.9.10. */
export const tpmlTaggedPcrProperty: Codec<readonly TpmsTaggedPcrSelect[]> = tpml(
  'TPML_TAGGED_PCR_PROPERTY',
  taggedPcrSelect,
)
/** TPML_TAGGED_POLICY. Part 2, section 10.9.12. */
export const tpmlTaggedPolicy: Codec<readonly TpmsTaggedPolicy[]> = tpml('TPML_TAGGED_POLICY', taggedPolicy)
/** TPML_ACT_DATA. Part 2, section 10.9.13. */
export const tpmlActData: Codec<readonly TpmsActData[]> = tpml('TPML_ACT_DATA', actData)

const capabilityData = variant(
  'TPMS_CAPABILITY_DATA',
  {
    capability: enumOf('TPM_CAP', u32, {
      algs: 0x000,
      handles: 0x001,
      commands: 0x002,
      ppCommands: 0x003,
      auditCommands: 0x004,
      pcrs: 0x005,
      tpmProperties: 0x006,
      pcrProperties: 0x007,
      eccCurves: 0x008,
      authPolicies: 0x009,
      act: 0x00a,
      pubKeys: 0x00b,
      spdmSessionInfo: 0x00c,
      vendorProperty: 0x100,
    }),
  },
  'capability',
  {
    algs: { data: tpmlAlgProperty },
    handles: { data: tpmlHandle },
    commands: { data: tpmlCca },
    ppCommands: { data: tpmlCc },
    auditCommands: { data: tpmlCc },
    pcrs: { data: tpmlPcrSelection },
    tpmProperties: { data: tpmlTaggedTpmProperty },
    pcrProperties: { data: tpmlTaggedPcrProperty },
    eccCurves: { data: tpmlEccCurve },
    authPolicies: { data: tpmlTaggedPolicy },
    act: { data: tpmlActData },
    pubKeys: { data: tpml('TPML_PUB_KEY', tpm2bPublic) },
    spdmSessionInfo: { data: tpml('TPML_SPDM_SESSION_INFO', spdmSessionInfo) },
    vendorProperty: { data: rest },
  },
)
/**
 * TPMS_CAPABILITY_DATA: what TPM2_GetCapability answers; `data` is a list that depends on `capability` (a TPM_CAP), and
 * vendors' own bytes for `vendorProperty`. Part 2, sections 6.12 and 10.10.2.
 */
export type TpmsCapabilityData = Infer<typeof capabilityData>
/** Codec of {@link TpmsCapabilityData}. */
export const tpmsCapabilityData: Codec<TpmsCapabilityData> = capabilityData
