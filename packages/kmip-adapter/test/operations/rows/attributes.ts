import { tags } from '../../../src/ttlv/index.js'
import { E, I, S, T } from '../../items.js'
import { aState, collectRows, first, id, state1, tagged, uid } from './row.js'

export const attributes = collectRows((ask, answer) => {
  ask(
    'GetAttributes',
    first,
    { ...id, attributeName: ['a', 'b'] },
    uid,
    T('AttributeName', 'a'),
    T('AttributeName', 'b'),
  )
  const reference = S('AttributeReference', T('VendorIdentification', 'v'), T('AttributeName', 'n'))
  const refersTo = { vendorIdentification: 'v', attributeName: 'n' }
  ask(
    'GetAttributes',
    '2.0',
    { ...id, attributeReference: [tags.State, refersTo] },
    uid,
    E('AttributeReference', tags.State),
    reference,
  )
  answer('GetAttributes', first, { ...id, attribute: [aState] }, uid, state1)
  answer('GetAttributes', '2.0', { ...id, ...tagged }, uid, S('Attributes', E('State', 'Active')))
  ask('GetAttributeList', '1.0', id, uid)
  answer('GetAttributeList', first, { ...id, attributeName: ['a'] }, uid, T('AttributeName', 'a'))
  answer('GetAttributeList', '2.0', { ...id, attributeReference: [refersTo] }, uid, reference)
  for (const name of ['AddAttribute', 'ModifyAttribute']) {
    ask(name, first, { ...id, attribute: aState }, uid, state1)
    ask(name, '2.0', { ...id, newAttribute: [aState] }, uid, S('NewAttribute', E('State', 'Active')))
    answer(name, first, { ...id, attribute: aState }, uid, state1)
    answer(name, '1.0', id, uid)
  }
  ask(
    'ModifyAttribute',
    '2.0',
    { ...id, currentAttribute: [aState], newAttribute: [aState] },
    uid,
    S('CurrentAttribute', E('State', 'Active')),
    S('NewAttribute', E('State', 'Active')),
  )
  ask('SetAttribute', '2.0', { ...id, newAttribute: [aState] }, uid, S('NewAttribute', E('State', 'Active')))
  answer('SetAttribute', '1.0', id, uid)
  ask(
    'DeleteAttribute',
    first,
    { ...id, attributeName: 'Name', attributeIndex: 2 },
    uid,
    T('AttributeName', 'Name'),
    I('AttributeIndex', 2),
  )
  ask(
    'DeleteAttribute',
    '2.0',
    { ...id, currentAttribute: [aState] },
    uid,
    S('CurrentAttribute', E('State', 2)),
  )
  ask('DeleteAttribute', '2.0', { ...id, attributeReference: refersTo }, uid, reference)
  answer('DeleteAttribute', first, { ...id, attribute: aState }, uid, state1)

  ask(
    'Locate',
    ['1.3', '1.4'],
    {
      maximumItems: 10,
      offsetItems: 5,
      storageStatusMask: 3,
      objectGroupMember: 'GroupMemberFresh',
      attribute: [aState],
    },
    I('MaximumItems', 10),
    I('OffsetItems', 5),
    I('StorageStatusMask', 3),
    E('ObjectGroupMember', 'GroupMemberFresh'),
    state1,
  )
  ask(
    'Locate',
    '1.1',
    { objectGroupMember: 'GroupMemberDefault' },
    E('ObjectGroupMember', 'GroupMemberDefault'),
  )
  ask('Locate', '2.0', tagged, S('Attributes', E('State', 'Active')))
  answer('Locate', '1.3', { locatedItems: 12, uniqueIdentifier: ['7', '7'] }, I('LocatedItems', 12), uid, uid)
  answer('Locate', '1.0', {})
})
