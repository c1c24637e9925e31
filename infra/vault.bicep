// The Key Vault: token caches of connections, keys of PSAs, secrets of webhooks. Who reads one is logged.

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Name of the vault.')
param name string

@description('Bring back the deleted vault of this name with all that was in it, instead of making one.')
param recover bool

@description('Let nobody in from the public internet but the addresses below.')
param privateNetwork bool

@description('Addresses and networks of operators that may come in all the same.')
param operatorAddresses string[]

@description('The workspace for the audit log.')
param workspaceId string

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    createMode: recover ? 'recover' : 'default'
    tenantId: tenant().tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    enablePurgeProtection: true
    publicNetworkAccess: privateNetwork && empty(operatorAddresses) ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'None'
      defaultAction: privateNetwork ? 'Deny' : 'Allow'
      ipRules: map(operatorAddresses, address => {
        value: address
      })
    }
  }
}

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: vault
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'AuditEvent'
        enabled: true
      }
    ]
  }
}

output id string = vault.id
output name string = vault.name
output url string = vault.properties.vaultUri
