targetScope = 'subscription'

@minLength(1)
@maxLength(64)
@description('Name of the azd environment. Names of resources are made from it.')
param environmentName string

@minLength(1)
@description('Region of every resource: one that has both Flex Consumption and session pools.')
@allowed([
  'australiaeast'
  'australiasoutheast'
  'brazilsouth'
  'canadacentral'
  'centralindia'
  'centralus'
  'eastasia'
  'eastus'
  'eastus2'
  'francecentral'
  'germanywestcentral'
  'italynorth'
  'japaneast'
  'koreacentral'
  'northcentralus'
  'northeurope'
  'norwayeast'
  'southafricanorth'
  'southeastasia'
  'southindia'
  'spaincentral'
  'swedencentral'
  'uaenorth'
  'uksouth'
  'ukwest'
  'westcentralus'
  'westeurope'
  'westus'
  'westus2'
  'westus3'
])
@metadata({
  azd: {
    type: 'location'
  }
})
param location string

@description('Object id of whoever deploys, to be given the data: snippets, queues, the key of the pool. Empty gives none.')
param userPrincipalId string = ''

@description('What userPrincipalId is. azd knows; a pipeline is a ServicePrincipal.')
@allowed([
  'User'
  'ServicePrincipal'
  'Group'
])
param userPrincipalType string = 'User'

@description('Python that the app runs on.')
@allowed([
  '3.12'
  '3.13'
  '3.14'
])
param pythonVersion string = '3.13'

@description('How many instances each group of functions may grow to.')
@minValue(1)
@maxValue(1000)
param maximumInstances int = 100

@description('Memory of an instance in MB, which its processor grows with.')
@allowed([
  512
  2048
  4096
])
param instanceMemoryMB int = 2048

@description('How many HTTP requests an instance takes at once. 0 leaves it to Azure, which goes by the memory.')
@minValue(0)
@maxValue(1000)
param httpConcurrency int = 0

@description('GB of logs a day after which no more are taken until the next. 0 sets no limit.')
@minValue(0)
@maxValue(1000)
param logDailyCapGB int = 0

@description('Days for which deleted and overwritten blobs, snippets among them, can be brought back. 0 keeps none.')
@minValue(0)
@maxValue(365)
param blobSoftDeleteDays int = 7

@description('Address that is told when requests fail. Empty tells nobody.')
param alertEmail string = ''

@description('Whether storage is reachable through a virtual network only.')
param vnetEnabled bool = false

@description('Whether there is a session pool, which the tools that run code need.')
param sessionPoolEnabled bool = true

@description('Whether code that runs in the session pool may reach the internet.')
param sessionPoolEgressEnabled bool = false

@description('How many environments may exist at once. Each counts until it has been idle for the cool-down.')
@minValue(5)
@maxValue(600)
param sessionPoolMaxSessions int = 20

@description('Seconds without a call after which an environment is destroyed.')
@minValue(300)
@maxValue(3600)
param sessionPoolCooldownSeconds int = 300

@description('Id of an existing role that may fetch the key of the session pool. Empty makes one that can do no more.')
param sessionPoolRoleId string = ''

@description('Client id of the Entra app registration that clients sign in to. Empty asks them for the system key.')
param authClientId string = ''

@description('Client ids of the applications that may call the app through Entra, separated by commas.')
param authAllowedClientIds string = 'aebc6443-996d-45c2-90f0-388ff96faa56' // Visual Studio Code

var abbreviations = loadJsonContent('abbreviations.json')
var resourceToken = toLower(uniqueString(subscription().id, environmentName, location))
var tags = { 'azd-env-name': environmentName }
var functionAppName = '${abbreviations.webSitesFunctions}${resourceToken}'
// Known before the identity exists, unlike its id: names made from it can be told in advance.
var identityName = '${abbreviations.managedIdentityUserAssignedIdentities}${resourceToken}'
// At most 12 + 32 + 8 characters, of the 63 that a container's name may have.
var deploymentContainerName = 'app-package-${take(functionAppName, 32)}-${take(resourceToken, 7)}'

resource resourceGroup 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: '${abbreviations.resourcesResourceGroups}${environmentName}'
  location: location
  tags: tags
}

module identity 'identity.bicep' = {
  scope: resourceGroup
  params: {
    name: identityName
    location: location
    tags: tags
  }
}

module monitoring 'monitoring.bicep' = {
  scope: resourceGroup
  params: {
    workspaceName: '${abbreviations.operationalInsightsWorkspaces}${resourceToken}'
    componentName: '${abbreviations.insightsComponents}${resourceToken}'
    actionGroupName: '${abbreviations.insightsActionGroups}${resourceToken}'
    alertName: '${abbreviations.insightsMetricAlerts}${resourceToken}'
    location: location
    tags: tags
    dailyCapGB: logDailyCapGB
    alertEmail: alertEmail
    appIdentityName: identityName
    appPrincipalId: identity.outputs.principalId
  }
}

module storage 'storage.bicep' = {
  scope: resourceGroup
  params: {
    name: '${abbreviations.storageStorageAccounts}${resourceToken}'
    location: location
    tags: tags
    deploymentContainerName: deploymentContainerName
    publicNetworkAccess: !vnetEnabled
    softDeleteDays: blobSoftDeleteDays
    appIdentityName: identityName
    appPrincipalId: identity.outputs.principalId
    userPrincipalId: userPrincipalId
    userPrincipalType: userPrincipalType
  }
}

module network 'network.bicep' = if (vnetEnabled) {
  scope: resourceGroup
  params: {
    name: '${abbreviations.networkVirtualNetworks}${resourceToken}'
    privateEndpointName: '${abbreviations.networkPrivateEndpoints}${resourceToken}'
    location: location
    tags: tags
    storageAccountId: storage.outputs.id
  }
}

module sessionPool 'session-pool.bicep' = if (sessionPoolEnabled) {
  scope: resourceGroup
  params: {
    name: '${abbreviations.appSessionPools}${resourceToken}'
    location: location
    tags: tags
    egressEnabled: sessionPoolEgressEnabled
    maxSessions: sessionPoolMaxSessions
    cooldownSeconds: sessionPoolCooldownSeconds
    roleId: sessionPoolRoleId
    appIdentityName: identityName
    appPrincipalId: identity.outputs.principalId
    userPrincipalId: userPrincipalId
    userPrincipalType: userPrincipalType
  }
}

// Last, because it takes what the others give out: the roles of its identity exist before it starts.
module functionApp 'function-app.bicep' = {
  scope: resourceGroup
  params: {
    name: functionAppName
    planName: '${abbreviations.webServerFarms}${resourceToken}'
    location: location
    tags: tags
    pythonVersion: pythonVersion
    maximumInstances: maximumInstances
    instanceMemoryMB: instanceMemoryMB
    httpConcurrency: httpConcurrency
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    storageBlobEndpoint: storage.outputs.blobEndpoint
    storageQueueEndpoint: storage.outputs.queueEndpoint
    deploymentContainerName: deploymentContainerName
    applicationInsightsConnectionString: monitoring.outputs.connectionString
    subnetId: vnetEnabled ? network!.outputs.appSubnetId : ''
    sessionPoolId: sessionPoolEnabled ? sessionPool!.outputs.id : ''
    sessionPoolMcpEndpoint: sessionPoolEnabled ? sessionPool!.outputs.mcpEndpoint : ''
    authClientId: authClientId
    authAllowedClientIds: authAllowedClientIds
  }
}

output AZURE_LOCATION string = location
output AZURE_TENANT_ID string = tenant().tenantId
output AZURE_RESOURCE_GROUP string = resourceGroup.name
output AZURE_FUNCTION_NAME string = functionApp.outputs.name
output AZURE_STORAGE_BLOB_ENDPOINT string = storage.outputs.blobEndpoint
output SERVICE_MCP_NAME string = functionApp.outputs.name
output SERVICE_MCP_ENDPOINT string = 'https://${functionApp.outputs.hostName}/runtime/webhooks/mcp'
output SESSION_POOL_RESOURCE_ID string = sessionPoolEnabled ? sessionPool!.outputs.id : ''
output SESSION_POOL_MCP_ENDPOINT string = sessionPoolEnabled ? sessionPool!.outputs.mcpEndpoint : ''
