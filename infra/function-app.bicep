// The function app on a Flex Consumption plan. Its settings are in app-settings.bicep: some need its host name.

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Name of the function app.')
param name string

@description('Name of its plan; a Flex Consumption plan has one app.')
param planName string

@description('The identity of the app.')
param identityId string

@description('The blob container for the deployed package.')
param packageContainerUrl string

@description('The subnet to go out through; empty: the public internet.')
param subnetId string

@description('Spread instances over the zones of the region.')
param zoneRedundant bool

@description('Memory of an instance.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int

@description('How far each group of functions may scale out.')
@minValue(40)
@maxValue(1000)
param maximumInstances int

@description('HTTP requests that one instance answers at once.')
@minValue(1)
@maxValue(1000)
param httpConcurrency int

@description('Instances for HTTP that never go away.')
@minValue(0)
param alwaysReadyHttpInstances int

@description('The oldest TLS that is spoken.')
@allowed(['1.2', '1.3'])
param minimumTls string

resource plan 'Microsoft.Web/serverfarms@2024-11-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    tier: 'FlexConsumption'
    name: 'FC1'
  }
  properties: {
    reserved: true
    zoneRedundant: zoneRedundant
  }
}

resource app 'Microsoft.Web/sites@2024-11-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'app' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    publicNetworkAccess: 'Enabled'
    clientAffinityEnabled: false
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packageContainerUrl
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: {
        name: 'python'
        version: '3.13'
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstances
        alwaysReady: alwaysReadyHttpInstances == 0
          ? []
          : [
              {
                name: 'http'
                instanceCount: alwaysReadyHttpInstances
              }
            ]
        triggers: {
          http: {
            perInstanceConcurrency: httpConcurrency
          }
        }
      }
    }
    siteConfig: {
      ftpsState: 'Disabled'
      http20Enabled: true
      minTlsVersion: minimumTls
      scmMinTlsVersion: minimumTls
      remoteDebuggingEnabled: false
    }
  }

  resource ftp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: {
      allow: false
    }
  }

  resource scm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: {
      allow: false
    }
  }
}

output id string = app.id
output name string = app.name
output url string = 'https://${app.properties.defaultHostName}'
