import { cancel, check, discoverVersions, obtainLease, ping, poll, query } from '../../operations/index.js'
import { toProtocolVersion, versionText } from '../../protocol/index.js'
import { isAtLeast } from '../../ttlv/index.js'
import { type OperationContext, serve } from '../exchange/operation-context.js'
import { refuse } from '../exchange/refusal.js'
import { loadObject } from '../objects/access.js'
import { valueIn } from '../objects/held-object.js'
import { leaseSeconds } from '../objects/new-object.js'

const objectTypes = [
  'Certificate',
  'SymmetricKey',
  'PublicKey',
  'PrivateKey',
  'SplitKey',
  'SecretData',
  'OpaqueObject',
] as const

/** Discover Versions: KMIP 1.4, section 4.26. */
export const serveDiscoverVersions = serve(discoverVersions, ({ protocolVersion = [] }, { server }) => {
  const asked = new Set(protocolVersion.map(versionText))
  const common = server.versions.filter((version) => asked.size === 0 || asked.has(version))
  return { protocolVersion: common.map(toProtocolVersion) }
})

function capabilities({ version }: OperationContext) {
  return {
    streamingCapability: false,
    asynchronousCapability: false,
    attestationCapability: false,
    ...(isAtLeast(version, '1.4') ? { batchUndoCapability: false, batchContinueCapability: true } : {}),
    unwrapMode: 'NotProcessed' as const,
    destroyAction: 'KeyMaterialDeleted' as const,
    shreddingAlgorithm: 'Unspecified' as const,
    rngMode: 'SharedInstantiation' as const,
  }
}

/** Query: KMIP 1.4, section 4.25. Only what is so is told; what there is nothing of is left out. */
export const serveQuery = serve(query, ({ queryFunction = [] }, context) => {
  const { version, server } = context
  const asks = (name: (typeof queryFunction)[number]): boolean => queryFunction.includes(name)
  const types = [
    ...objectTypes,
    ...(isAtLeast(version, '1.2') ? (['PGPKey'] as const) : []),
    ...(isAtLeast(version, '2.0') ? (['CertificateRequest'] as const) : []),
  ]
  return {
    ...(asks('QueryOperations')
      ? {
          operation: server.operations
            .filter(({ since }) => isAtLeast(version, since))
            .map(({ name }) => name),
        }
      : {}),
    ...(asks('QueryObjects') ? { objectType: types } : {}),
    ...(asks('QueryServerInformation') ? { vendorIdentification: server.vendor } : {}),
    ...(asks('QueryRNGs') && isAtLeast(version, '1.3')
      ? { rngParameters: [{ rngAlgorithm: 'Unspecified' as const }] }
      : {}),
    ...(asks('QueryCapabilities') && isAtLeast(version, '1.3')
      ? { capabilityInformation: [capabilities(context)] }
      : {}),
  }
})

/** Ping: KMIP 2.1, section 6.1.39. */
export const servePing = serve(ping, () => ({}))

/** Poll: KMIP 1.4, section 4.27. Nothing is deferred here, so that there is nothing to ask for. */
export const servePoll = serve(poll, () =>
  refuse('InvalidAsynchronousCorrelationValue', 'no operation is waiting under this value'),
)

/** Cancel: KMIP 1.4, section 4.28. */
export const serveCancel = serve(cancel, ({ asynchronousCorrelationValue }) => ({
  asynchronousCorrelationValue,
  cancellationResult: 'Unavailable' as const,
}))

/** Obtain Lease: KMIP 1.4, section 4.17. */
export const serveObtainLease = serve(obtainLease, async ({ uniqueIdentifier }, context) => {
  const { object } = await loadObject(context, uniqueIdentifier)
  return {
    uniqueIdentifier: object.id,
    leaseTime: leaseSeconds,
    lastChangeDate: valueIn(object, 'LastChangeDate') ?? context.now,
  }
})

/** Check: KMIP 1.4, section 4.10. Answers what of the uses in mind is not allowed. */
export const serveCheck = serve(check, async (request, context) => {
  const { object } = await loadObject(context, request.uniqueIdentifier)
  const { usageLimitsCount, cryptographicUsageMask: wanted = 0, leaseTime } = request
  const limits = valueIn(object, 'UsageLimits')
  const left = limits?.usageLimitsCount ?? limits?.usageLimitsTotal
  const mask = valueIn(object, 'CryptographicUsageMask') ?? 0
  const isTooMuch = left !== undefined && usageLimitsCount !== undefined && usageLimitsCount > left
  return {
    uniqueIdentifier: object.id,
    ...(isTooMuch ? { usageLimitsCount } : {}),
    ...((wanted & mask) === wanted ? {} : { cryptographicUsageMask: wanted & ~mask }),
    ...(leaseTime !== undefined && leaseTime > leaseSeconds ? { leaseTime } : {}),
  }
})
