// The operators' workbook. Its text is made by `python3 dev.py workbook` from the queries in queries/.

@description('Where the workbook lives.')
param location string = resourceGroup().location

@description('Tags of the workbook.')
param tags object = {}

@description('What it is called in the portal.')
param displayName string = 'Tenantry'

@description('Resource id of the Log Analytics workspace that the app reports to.')
param workspaceId string

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, 'tenantry-workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: displayName
    category: 'workbook'
    version: 'Notebook/1.0'
    sourceId: workspaceId
    serializedData: replace(
      replace(loadTextContent('workbooks/tenantry.json'), '__WORKSPACE__', workspaceId),
      '__PORTAL__',
      environment().portal
    )
  }
}

output workbookId string = workbook.id
