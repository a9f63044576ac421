# A newcomer: the first screen, the example of the README, and an app of their own.
run() { printf '$ %s\n' "$*"; "$@"; printf '[exit %s]\n\n' "$?"; }

run ecsail
run ecsail --sandbox -f examples/quickstart/ecsail.yml deploy web --tag v2
run ecsail --sandbox=crash -f examples/quickstart/ecsail.yml deploy web --tag v3 --yes

mkdir shop && cd shop || exit 1
cat > ecsail.yml <<'MANIFEST'
ecsail: 1
app: shop
region: eu-west-1
cluster: shop
images:
  api: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/api
services:
  api:
    task_definition: api.yml
MANIFEST
cat > api.yml <<'DEFINITION'
family: shop-api
networkMode: awsvpc
requiresCompatibilities: [FARGATE]
cpu: 256
memory: 512
executionRoleArn: arn:aws:iam::123456789012:role/execution
containerDefinitions:
  - name: api
    image: {{ image }}
DEFINITION
run ecsail check
sed -i.orig 's/image }}/image.api }}/' api.yml
run ecsail check
run ecsail deploy api
run ecsail --sandbox deploy api --tag 7c1f2e9
run ecsail --sandbox status
run ecsail --sandbox history api
