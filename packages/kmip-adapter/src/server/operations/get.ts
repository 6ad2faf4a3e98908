import { SecretBytes } from '@trusthold/core/bytes'
import { exportObject, type GetRequest, get } from '../../operations/index.js'
import { hasTaggedAttributes, type ManagedObject, toObjectFields } from '../../protocol/index.js'
import type { Enumerated } from '../../ttlv/index.js'
import { writeKey } from '../cryptography/asymmetric-keys.js'
import { type OperationContext, serve } from '../exchange/operation-context.js'
import { refuse } from '../exchange/refusal.js'
import { loadObject } from '../objects/access.js'
import { allAttributes } from '../objects/attribute-view.js'
import { asymmetricKey, copyContent, keyBlockOf, secretOf, withKeyBlock } from '../objects/contents.js'
import { type HeldObject, valueIn, withValue } from '../objects/held-object.js'
import type { StoredObject } from '../objects/object-store.js'
import { wrapContent } from '../objects/wrapping.js'

function requireReadable(object: HeldObject, isWrapped: boolean): void {
  if (valueIn(object, 'Extractable') === false)
    refuse('NotExtractable', 'the object does not leave the server')
  if (valueIn(object, 'Sensitive') === true && !isWrapped) {
    refuse('Sensitive', 'the object leaves the server only wrapped')
  }
}

/** The object in another format; a copy, since the original stays here, and may be destroyed first. @throws Refusal */
function inFormat(
  content: ManagedObject,
  format: Enumerated<'KeyFormatType'> | undefined,
  { wipeLater }: OperationContext,
): ManagedObject {
  const block = keyBlockOf(content)
  const copy = (secret: SecretBytes): SecretBytes => wipeLater(secret.use(SecretBytes.from))
  if (format === undefined || format === block?.keyFormatType) return copyContent(content, copy)
  if (block === undefined) {
    return refuse('KeyFormatTypeNotSupported', `a ${content.objectType} has no Key Format Type`)
  }
  if (block.keyWrappingData !== undefined) {
    return refuse('KeyFormatTypeNotSupported', 'a wrapped key stays in its format')
  }
  if (content.objectType === 'SymmetricKey' && format === 'TransparentSymmetricKey') {
    const keyMaterial = { key: copy(secretOf(content)) }
    return withKeyBlock(content, { ...block, keyFormatType: format, keyValue: { keyMaterial } })
  }
  if (content.objectType === 'PrivateKey' || content.objectType === 'PublicKey') {
    const der = writeKey(content.objectType, asymmetricKey(content), format)
    const keyMaterial = wipeLater(SecretBytes.take(der))
    return withKeyBlock(content, { ...block, keyFormatType: format, keyValue: { keyMaterial } })
  }
  return refuse('KeyFormatTypeNotSupported', `a ${content.objectType} in format ${format} is not supported`)
}

/** The object as the client wants it: in a format, and wrapped. @throws Refusal */
async function readObject(
  request: GetRequest,
  context: OperationContext,
): Promise<{ stored: StoredObject; content: ManagedObject }> {
  const stored = await loadObject(context, request.uniqueIdentifier)
  const { keyWrappingSpecification: wrapping, keyCompressionType, keyFormatType, keyWrapType } = request
  const { content } = stored.object
  if (content === undefined) return refuse('ObjectDestroyed', 'the object was destroyed')
  requireReadable(stored.object, wrapping !== undefined)
  if (keyCompressionType !== undefined && keyCompressionType !== 'ECPublicKeyTypeUncompressed') {
    return refuse('KeyCompressionTypeNotSupported', 'compressed keys are not supported')
  }
  if (keyWrapType === 'NotWrapped' && keyBlockOf(content)?.keyWrappingData !== undefined) {
    return refuse('KeyWrapTypeNotSupported', 'keys that were registered wrapped stay wrapped')
  }
  const formatted = inFormat(content, keyFormatType, context)
  const wrapped =
    wrapping === undefined ? formatted : await wrapContent(formatted, stored.object, wrapping, context)
  return { stored, content: wrapped }
}

/** A member of a group is fresh until it is read for the first time. */
async function noteRead(stored: StoredObject, { objects }: OperationContext): Promise<void> {
  if (valueIn(stored.object, 'Fresh') !== true) return
  await objects.replace(stored, withValue(stored.object, 'Fresh', false))
}

/** Get: KMIP 1.4, section 4.11. */
export const serveGet = serve(get, async (request, context) => {
  const { stored, content } = await readObject(request, context)
  await noteRead(stored, context)
  return { objectType: content.objectType, uniqueIdentifier: stored.object.id, ...toObjectFields(content) }
})

/** Export: KMIP 1.4, section 4.43. */
export const serveExport = serve(exportObject, async (request, context) => {
  const { stored, content } = await readObject(request, context)
  const list = allAttributes(stored.object, context)
  return {
    objectType: content.objectType,
    uniqueIdentifier: stored.object.id,
    ...(hasTaggedAttributes(context.version) ? { attributes: list } : { attribute: list }),
    ...toObjectFields(content),
  }
})
