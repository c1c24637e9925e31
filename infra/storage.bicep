// The storage account: all state in tables, the queues, the deployed package, and what the Functions host keeps.

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Name of the storage account.')
param name string

@description('Keep copies in three zones of the region.')
param zoneRedundant bool

@description('Let nobody in from the public internet but the addresses below.')
param privateNetwork bool

@description('Addresses and networks of operators that may come in all the same.')
param operatorAddresses string[]

@description('Which accesses to the data are logged: none, deletes, or all (at one record per call: costly).')
@allowed(['none', 'deletes', 'all'])
param accessLogs string

@description('The workspace for the logs.')
param workspaceId string

// As the triggers in function_app.py have them. Made here, so that the platform can look at their length from the start.
var queueNames = [
  'sync-requests'
  'sync-requests-poison'
  'publish-requests'
  'publish-requests-poison'
  'webhook-deliveries'
  'webhook-deliveries-poison'
]
var packageContainer = 'app-package'
var logCategories = accessLogs == 'all' ? ['StorageRead', 'StorageWrite', 'StorageDelete'] : ['StorageDelete']

resource storage 'Microsoft.Storage/storageAccounts@2025-01-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: zoneRedundant ? 'Standard_ZRS' : 'Standard_LRS'
  }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: privateNetwork && empty(operatorAddresses) ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'None'
      defaultAction: privateNetwork ? 'Deny' : 'Allow'
      ipRules: map(operatorAddresses, address => {
        value: address
        action: 'Allow'
      })
    }
  }

  resource blobs 'blobServices' = {
    name: 'default'
    properties: {
      deleteRetentionPolicy: {
        enabled: true
        days: 14
      }
      containerDeleteRetentionPolicy: {
        enabled: true
        days: 14
      }
    }

    resource packages 'containers' = {
      name: packageContainer
      properties: {
        publicAccess: 'None'
      }
    }
  }

  resource queues 'queueServices' = {
    name: 'default'

    resource all 'queues' = [
      for queue in queueNames: {
        name: queue
      }
    ]
  }

  resource tables 'tableServices' = {
    name: 'default'
  }
}

resource blobLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (accessLogs != 'none') {
  name: 'access'
  scope: storage::blobs
  properties: {
    workspaceId: workspaceId
    logs: map(logCategories, category => {
      category: category
      enabled: true
    })
  }
}

// Every message that was carried out is a deleted one: only who wants all accesses wants these.
resource queueLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (accessLogs == 'all') {
  name: 'access'
  scope: storage::queues
  properties: {
    workspaceId: workspaceId
    logs: map(logCategories, category => {
      category: category
      enabled: true
    })
  }
}

resource tableLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (accessLogs != 'none') {
  name: 'access'
  scope: storage::tables
  properties: {
    workspaceId: workspaceId
    logs: map(logCategories, category => {
      category: category
      enabled: true
    })
  }
}

output id string = storage.id
output name string = storage.name
output packageContainerUrl string = '${storage.properties.primaryEndpoints.blob}${packageContainer}'
output blobUrl string = storage.properties.primaryEndpoints.blob
output queueUrl string = storage.properties.primaryEndpoints.queue
output tableUrl string = storage.properties.primaryEndpoints.table
