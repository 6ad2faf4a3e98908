/**
 * Ids for the items of a message: the message's number and the item's, so that no other message has the same.
 * @param message number of the message, of those that one client sends
 */
export function itemIds(message: number, count: number): readonly Uint8Array[] {
  return Array.from({ length: count }, (_, i) => {
    const id = new Uint8Array(8)
    const view = new DataView(id.buffer)
    view.setUint32(0, message)
    view.setUint32(4, i + 1)
    return id
  })
}

/** The id of the only item of a message. */
export function itemIdOf(message: number): Uint8Array {
  return itemIds(message, 1)[0] as Uint8Array
}
