@minLength(3)
@maxLength(24)
param name string
param location string
param tags { *: string }
@minLength(3)
@maxLength(63)
param deploymentContainerName string
@description('Whether storage answers outside the virtual network.')
param publicNetworkAccess bool
@minValue(0)
@maxValue(365)
param softDeleteDays int
param appIdentityName string
param appPrincipalId string
param userPrincipalId string
@allowed([
  'User'
  'ServicePrincipal'
  'Group'
])
param userPrincipalType string

var storageBlobDataOwner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
var storageBlobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
var storageQueueDataContributor = '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
// Blobs: snippets, the deployment package, the host's keys and locks. Queues: the MCP extension makes one an instance.
var appRoleIds = [
  storageBlobDataOwner
  storageQueueDataContributor
]
// The same without the right to give others access to blobs.
var userRoleIds = [
  storageBlobDataContributor
  storageQueueDataContributor
]

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: 'Standard_LRS'
  }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: publicNetworkAccess ? 'Enabled' : 'Disabled'
    networkAcls: {
      bypass: 'None'
      defaultAction: publicNetworkAccess ? 'Allow' : 'Deny'
    }
  }

  resource blobService 'blobServices' = {
    name: 'default'
    properties: {
      deleteRetentionPolicy: softDeleteDays == 0
        ? {
            enabled: false
          }
        : {
            enabled: true
            days: max(1, softDeleteDays) // 1 is for the compiler alone, which does not see the condition
          }
    }

    resource deploymentContainer 'containers' = {
      name: deploymentContainerName
      properties: {
        publicAccess: 'None'
      }
    }

    resource snippetsContainer 'containers' = {
      name: 'snippets'
      properties: {
        publicAccess: 'None'
      }
    }
  }
}

resource appRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in appRoleIds: {
    name: guid(account.id, appIdentityName, role)
    scope: account
    properties: {
      principalId: appPrincipalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    }
  }
]

resource userRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in userRoleIds: if (!empty(userPrincipalId)) {
    name: guid(account.id, userPrincipalId, role)
    scope: account
    properties: {
      principalId: userPrincipalId
      principalType: userPrincipalType
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    }
  }
]

output id string = account.id
output blobEndpoint string = account.properties.primaryEndpoints.blob
output queueEndpoint string = account.properties.primaryEndpoints.queue
