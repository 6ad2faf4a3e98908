import { E, I, S, T, V } from '../../items.js'
import { aState, collectRows, first, id, state1, tagged, template, uid } from './row.js'

export const madeKeys = collectRows((ask, answer) => {
  for (const name of ['Activate', 'Destroy', 'Archive', 'Recover']) {
    ask(name, '1.0', id, uid)
    ask(name, '1.0', {})
    answer(name, '1.0', id, uid)
  }
  ask(
    'Activate',
    '2.0',
    { uniqueIdentifier: { placeholder: 'IDPlaceholder' } },
    E('UniqueIdentifier', 'IDPlaceholder'),
  )
  ask('Activate', '2.0', { uniqueIdentifier: { position: -1 } }, I('UniqueIdentifier', -1))

  ask(
    'Create',
    first,
    { objectType: 'SymmetricKey', ...template },
    E('ObjectType', 2),
    S('TemplateAttribute', state1),
  )
  ask(
    'Create',
    '2.0',
    { objectType: 'SymmetricKey', ...tagged, protectionStorageMasks: { protectionStorageMask: [1, 2] } },
    E('ObjectType', 2),
    S('Attributes', E('State', 'Active')),
    S('ProtectionStorageMasks', I('ProtectionStorageMask', 1), I('ProtectionStorageMask', 2)),
  )
  answer('Create', '1.0', { objectType: 'SymmetricKey', ...id }, E('ObjectType', 2), uid)

  ask(
    'CreateKeyPair',
    first,
    {
      commonTemplateAttribute: { attribute: [aState] },
      privateKeyTemplateAttribute: { name: [{ nameValue: 't', nameType: 'URI' }] },
      publicKeyTemplateAttribute: {},
    },
    S('CommonTemplateAttribute', state1),
    S('PrivateKeyTemplateAttribute', S('Name', T('NameValue', 't'), E('NameType', 'URI'))),
    S('PublicKeyTemplateAttribute'),
  )
  const pairAttributes = {
    commonAttributes: [aState],
    privateKeyAttributes: [],
    publicKeyAttributes: [],
    commonProtectionStorageMasks: {},
    privateProtectionStorageMasks: {},
    publicProtectionStorageMasks: {},
  }
  const pairAttributeItems = [
    S('CommonAttributes', E('State', 'Active')),
    S('PrivateKeyAttributes'),
    S('PublicKeyAttributes'),
    S('CommonProtectionStorageMasks'),
    S('PrivateProtectionStorageMasks'),
    S('PublicProtectionStorageMasks'),
  ]
  ask('CreateKeyPair', '2.0', pairAttributes, ...pairAttributeItems)
  ask(
    'ReKeyKeyPair',
    '2.0',
    { privateKeyUniqueIdentifier: '7', offset: 60, ...pairAttributes },
    T('PrivateKeyUniqueIdentifier', '7'),
    V('Offset', 60),
    ...pairAttributeItems,
  )
  for (const name of ['CreateKeyPair', 'ReKeyKeyPair']) {
    answer(
      name,
      first,
      {
        privateKeyUniqueIdentifier: '7',
        publicKeyUniqueIdentifier: '8',
        privateKeyTemplateAttribute: {},
        publicKeyTemplateAttribute: { attribute: [aState] },
      },
      T('PrivateKeyUniqueIdentifier', '7'),
      T('PublicKeyUniqueIdentifier', '8'),
      S('PrivateKeyTemplateAttribute'),
      S('PublicKeyTemplateAttribute', state1),
    )
  }
})
