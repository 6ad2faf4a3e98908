import { activate, archive, destroy, recover, revoke } from '../../operations/index.js'
import { type OperationContext, serve } from '../exchange/operation-context.js'
import { refuse } from '../exchange/refusal.js'
import { changed, loadAny, loadObject } from '../objects/access.js'
import { hasState } from '../objects/attribute-view.js'
import { type HeldObject, valueIn, withValue } from '../objects/held-object.js'
import { requireState, stateAt } from '../objects/lifecycle.js'
import { namesOf } from '../objects/new-object.js'

/** Activate: KMIP 1.4, section 4.19. */
export const serveActivate = serve(activate, async ({ uniqueIdentifier }, context) => {
  const stored = await loadObject(context, uniqueIdentifier)
  const { object } = stored
  if (!hasState(object)) return refuse('IllegalObjectType', `a ${object.objectType} has no state`)
  requireState(object, context.now, ['PreActive'])
  const deactivation = valueIn(object, 'DeactivationDate')
  if (deactivation !== undefined && deactivation < context.now) {
    return refuse('WrongKeyLifecycleState', 'its Deactivation Date is over')
  }
  await context.objects.replace(stored, changed(withValue(object, 'ActivationDate', context.now), context))
  return { uniqueIdentifier: object.id }
})

function compromise(object: HeldObject, occurred: bigint | undefined, { now }: OperationContext): HeldObject {
  if (occurred !== undefined && occurred > now) {
    return refuse('InvalidField', 'the Compromise Occurrence Date is to come')
  }
  const since = occurred ?? valueIn(object, 'InitialDate') ?? now
  const dated = withValue(object, 'CompromiseOccurrenceDate', since)
  return withValue(dated, 'CompromiseDate', now)
}

/** Revoke: KMIP 1.4, section 4.20. A compromise may also be told of an object that was destroyed. */
export const serveRevoke = serve(revoke, async (request, context) => {
  const { revocationReason, compromiseOccurrenceDate: occurred } = request
  const code = revocationReason.revocationReasonCode
  const isCompromise = code === 'KeyCompromise' || code === 'CACompromise'
  const stored = await (isCompromise ? loadAny : loadObject)(context, request.uniqueIdentifier)
  const { object } = stored
  if (isCompromise) {
    requireState(object, context.now, ['PreActive', 'Active', 'Deactivated', 'Destroyed'])
  } else {
    if (occurred !== undefined) refuse('InvalidField', 'a Compromise Occurrence Date is for a compromise')
    if (!hasState(object)) refuse('IllegalObjectType', `a ${object.objectType} has no state`)
    requireState(object, context.now, ['Active'])
  }
  const ended = isCompromise
    ? compromise(object, occurred, context)
    : withValue(object, 'DeactivationDate', context.now)
  const revoked = withValue(ended, 'RevocationReason', revocationReason)
  await context.objects.replace(stored, changed(revoked, context))
  return { uniqueIdentifier: object.id }
})

/** What is kept of an object that is destroyed. */
function remainsOf({ content: _, ...rest }: HeldObject, context: OperationContext): HeldObject {
  return changed(withValue(rest, 'DestroyDate', context.now), context)
}

/** Destroy: KMIP 1.4, section 4.21. The object is deleted; its attributes are kept. */
export const serveDestroy = serve(destroy, async ({ uniqueIdentifier }, context) => {
  const stored = await loadAny(context, uniqueIdentifier)
  const { object, destroyed } = stored
  if (destroyed) return refuse('ObjectDestroyed', 'the object was destroyed already')
  if (valueIn(object, 'ArchiveDate') !== undefined) return refuse('ObjectArchived', 'the object is archived')
  if (stateAt(object, context.now) === 'Active' && hasState(object)) {
    return refuse('WrongKeyLifecycleState', 'the object is active: it has to be revoked first')
  }
  await context.objects.bury(stored, remainsOf(object, context))
  for (const name of namesOf(object)) await context.objects.releaseName(name, object.id)
  return { uniqueIdentifier: object.id }
})

/** Archive: KMIP 1.4, section 4.22. */
export const serveArchive = serve(archive, async ({ uniqueIdentifier }, context) => {
  const stored = await loadObject(context, uniqueIdentifier)
  const archived = withValue(stored.object, 'ArchiveDate', context.now)
  await context.objects.replace(stored, changed(archived, context))
  return { uniqueIdentifier: stored.object.id }
})

/** Recover: KMIP 1.4, section 4.23. */
export const serveRecover = serve(recover, async ({ uniqueIdentifier }, context) => {
  const stored = await loadAny(context, uniqueIdentifier)
  const { object, destroyed } = stored
  if (destroyed) return refuse('ObjectDestroyed', 'the object was destroyed')
  if (valueIn(object, 'ArchiveDate') !== undefined) {
    await context.objects.replace(stored, changed(withValue(object, 'ArchiveDate', undefined), context))
  }
  return { uniqueIdentifier: object.id }
})
