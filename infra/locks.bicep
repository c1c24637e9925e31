// Locks on what holds the data. Everything else can be made again.

@description('Name of the storage account.')
param storageName string

@description('Name of the vault.')
param vaultName string

resource storage 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: storageName
}

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: vaultName
}

resource storageLock 'Microsoft.Authorization/locks@2020-05-01' = {
  name: 'keep-the-data'
  scope: storage
  properties: {
    level: 'CanNotDelete'
    notes: 'Holds the state of every connection.'
  }
}

resource vaultLock 'Microsoft.Authorization/locks@2020-05-01' = {
  name: 'keep-the-secrets'
  scope: vault
  properties: {
    level: 'CanNotDelete'
    notes: 'Holds the tokens of every connection and the keys of every PSA.'
  }
}
