import { locate } from '../../operations/index.js'
import type { Attribute } from '../../protocol/index.js'
import { isAtLeast } from '../../ttlv/index.js'
import { type OperationContext, serve } from '../exchange/operation-context.js'
import { refuse } from '../exchange/refusal.js'
import { searchableAttributes } from '../objects/attribute-view.js'
import { hasValue } from '../objects/equal-values.js'
import { type HeldObject, isSameAttribute, valueIn } from '../objects/held-object.js'
import type { StoredObject } from '../objects/object-store.js'

type Test = (attributes: readonly Attribute[]) => boolean

const onLine = 1
const archived = 2
const destroyed = 4

/** A mask matches when the object allows all of it; anything else by its value. */
function matchesOne(value: Attribute, asked: Attribute): boolean {
  if (!isSameAttribute(value, asked)) return false
  if (value.name === 'CryptographicUsageMask' && asked.name === 'CryptographicUsageMask') {
    return (value.value & asked.value) === asked.value
  }
  return hasValue(value.value, asked.value)
}

/** Two values of one date mean the time from the first to the second, both included. KMIP 1.4, section 4.9. */
function toTests(asked: readonly Attribute[]): Test[] {
  const tests: Test[] = []
  const done = new Set<Attribute>()
  for (const attribute of asked) {
    if (done.has(attribute)) continue
    const other = asked.find((each) => each !== attribute && isSameAttribute(each, attribute))
    if (other === undefined || typeof attribute.value !== 'bigint' || typeof other.value !== 'bigint') {
      tests.push((attributes) => attributes.some((value) => matchesOne(value, attribute)))
      continue
    }
    done.add(other)
    const [from, to] = [attribute.value, other.value].sort((a, b) => (a < b ? -1 : 1)) as [bigint, bigint]
    tests.push((attributes) =>
      attributes.some(
        (value) =>
          isSameAttribute(value, attribute) &&
          typeof value.value === 'bigint' &&
          value.value >= from &&
          value.value <= to,
      ),
    )
  }
  return tests
}

const storageOf = ({ object, destroyed: isDestroyed }: StoredObject): number =>
  isDestroyed ? destroyed : valueIn(object, 'ArchiveDate') === undefined ? onLine : archived

/** Asking for a state or date that only destroyed objects have asks for them; KMIP 1.x has no mask for it. */
function asksForDestroyed(asked: readonly Attribute[]): boolean {
  return asked.some(
    ({ name, value }) =>
      name === 'DestroyDate' ||
      (name === 'State' && (value === 'Destroyed' || value === 'DestroyedCompromised')),
  )
}

/** The objects among which to search: the one of a name, when there is a name, since it has at most one. */
async function* candidates(
  context: OperationContext,
  asked: readonly Attribute[],
  withDestroyed: boolean,
): AsyncGenerator<StoredObject> {
  const named = asked.find((attribute) => attribute.name === 'Name')
  const id = asked.find((attribute) => attribute.name === 'UniqueIdentifier')
  const known =
    id?.name === 'UniqueIdentifier'
      ? id.value
      : named?.name === 'Name' && !withDestroyed
        ? await context.objects.findName(named.value.nameValue)
        : undefined
  if (known !== undefined) {
    const stored = await context.objects.get(known)
    if (stored !== undefined) yield stored
    return
  }
  if (named !== undefined && !withDestroyed) return
  yield* context.objects.list(withDestroyed)
}

const newestFirst = (a: StoredObject, b: StoredObject): number => {
  const dateOf = (object: HeldObject): bigint => valueIn(object, 'InitialDate') ?? 0n
  const [first, second] = [dateOf(a.object), dateOf(b.object)]
  if (first !== second) return first > second ? -1 : 1
  return a.revision > b.revision ? -1 : 1
}

function requireBound(name: string, value: number | undefined): void {
  if (value !== undefined && value < 0) refuse('InvalidField', `${name} is negative`)
}

/** Locate: KMIP 1.4, section 4.9. Answers the newest first. */
export const serveLocate = serve(locate, async (request, context) => {
  const { maximumItems, offsetItems = 0, storageStatusMask, objectGroupMember } = request
  requireBound('Maximum Items', maximumItems)
  requireBound('Offset Items', offsetItems)
  const asked = [...(request.attribute ?? []), ...(request.attributes ?? [])]
  if (objectGroupMember === 'GroupMemberFresh') asked.push({ name: 'Fresh', value: true })
  const mask = storageStatusMask ?? (asksForDestroyed(asked) ? onLine | destroyed : onLine)
  const tests = toTests(asked)
  const found: StoredObject[] = []
  for await (const stored of candidates(context, asked, (mask & destroyed) !== 0)) {
    if ((storageOf(stored) & mask) === 0) continue
    const attributes = searchableAttributes(stored.object, context.now)
    if (tests.every((test) => test(attributes))) found.push(stored)
  }
  const page = found
    .sort(newestFirst)
    .slice(offsetItems, maximumItems === undefined ? undefined : offsetItems + maximumItems)
    .map(({ object }) => object.id)
  // Only one object can stand in the ID Placeholder.
  if (page.length === 1) context.ids.note('Locate', ...page)
  else context.ids.clear()
  return {
    ...(isAtLeast(context.version, '1.3') ? { locatedItems: found.length } : {}),
    uniqueIdentifier: page,
  }
})
