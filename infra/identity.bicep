@minLength(3)
@maxLength(128)
param name string
param location string
param tags { *: string }

// User-assigned, so that it can be given its roles before the app exists.
resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

output id string = identity.id
output principalId string = identity.properties.principalId
output clientId string = identity.properties.clientId
