"""For the processes of a cloud whose tokens live a minute: keystoneauth uses none that ends within
two minutes, so each request would ask for several; here tokens are used until they are about to
end."""
from keystoneauth1.identity.base import BaseIdentityPlugin

BaseIdentityPlugin.MIN_TOKEN_LIFE_SECONDS = 5
