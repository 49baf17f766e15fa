@minLength(2)
@maxLength(60)
param name string
@minLength(1)
@maxLength(40)
param planName string
param location string
param tags { *: string }
param pythonVersion string
@minValue(1)
@maxValue(1000)
param maximumInstances int
@allowed([
  512
  2048
  4096
])
param instanceMemoryMB int
@minValue(0)
@maxValue(1000)
@description('0 leaves it to Azure.')
param httpConcurrency int
param identityId string
param identityClientId string
param storageBlobEndpoint string
param storageQueueEndpoint string
param deploymentContainerName string
param applicationInsightsConnectionString string
@description('Empty keeps the app out of a virtual network.')
param subnetId string
@description('Empty where there is no session pool.')
param sessionPoolId string
param sessionPoolMcpEndpoint string
@description('Empty asks clients for the system key instead of a token of Entra.')
param authClientId string
param authAllowedClientIds string

// Without what a stray comma or space would add: an empty id lets nobody in.
var allowedClientIds = filter(map(split(authAllowedClientIds, ','), id => trim(id)), id => !empty(id))

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true // Linux
  }
}

resource site 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'mcp' })
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
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${storageBlobEndpoint}${deploymentContainerName}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      scaleAndConcurrency: union(
        {
          maximumInstanceCount: maximumInstances
          instanceMemoryMB: instanceMemoryMB
        },
        httpConcurrency == 0
          ? {}
          : {
              triggers: {
                http: {
                  perInstanceConcurrency: httpConcurrency
                }
              }
            }
      )
      runtime: {
        name: 'python'
        version: pythonVersion
      }
    }
    siteConfig: {
      // Nothing else: some regions refuse a Flex Consumption site for ftpsState and others (error 51021), and this is
      // all that Microsoft's own templates for it set.
      minTlsVersion: '1.2'
    }
  }

  resource noFtpPassword 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: {
      allow: false
    }
  }

  resource noScmPassword 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: {
      allow: false
    }
    dependsOn: [
      noFtpPassword // Azure refuses two changes of one site at once
    ]
  }

  resource settings 'config' = {
    name: 'appsettings'
    properties: union(
      {
        AzureWebJobsStorage__blobServiceUri: storageBlobEndpoint
        AzureWebJobsStorage__queueServiceUri: storageQueueEndpoint
        AzureWebJobsStorage__credential: 'managedidentity'
        AzureWebJobsStorage__clientId: identityClientId
        APPLICATIONINSIGHTS_CONNECTION_STRING: applicationInsightsConnectionString
        APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
        AZURE_CLIENT_ID: identityClientId
      },
      empty(sessionPoolId)
        ? {}
        : {
            SESSION_POOL_RESOURCE_ID: sessionPoolId
            SESSION_POOL_MCP_ENDPOINT: sessionPoolMcpEndpoint
          },
      // Entra and the system key are switched together: with both on, a client would have to send both.
      empty(authClientId)
        ? {}
        : {
            AzureFunctionsJobHost__extensions__mcp__system__webhookAuthorizationLevel: 'Anonymous'
            WEBSITE_AUTH_PRM_DEFAULT_WITH_SCOPES: 'api://${authClientId}/user_impersonation'
          }
    )
    dependsOn: [
      noScmPassword
    ]
  }

  // Written in either case, so that taking the client id away turns it off again.
  resource authentication 'config' = {
    name: 'authsettingsV2'
    properties: {
      platform: {
        enabled: !empty(authClientId)
      }
      globalValidation: {
        requireAuthentication: !empty(authClientId)
        unauthenticatedClientAction: empty(authClientId) ? 'AllowAnonymous' : 'Return401'
      }
      httpSettings: {
        requireHttps: true
      }
      identityProviders: empty(authClientId)
        ? {}
        : {
            azureActiveDirectory: {
              enabled: true
              registration: {
                clientId: authClientId
                openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
              }
              validation: {
                allowedAudiences: [
                  authClientId // the audience of tokens of version 2
                  'api://${authClientId}'
                ]
                defaultAuthorizationPolicy: {
                  allowedApplications: concat(
                    [
                      authClientId
                    ],
                    allowedClientIds
                  )
                }
              }
            }
          }
      login: {
        tokenStore: {
          enabled: false
        }
      }
    }
    dependsOn: [
      settings
    ]
  }
}

output name string = site.name
output hostName string = site.properties.defaultHostName
