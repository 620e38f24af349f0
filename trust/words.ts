/** 256 adjectives and 256 animals: one byte of a hash picks each word of a node's name. */

/** Frozen: another list would rename every node. */
export const ADJECTIVES: readonly string[] = `
  agile airy alert alpine amber ample apt aqua arctic ardent astral autumn avid azure balmy bold
  bonny boreal bouncy brave breezy bright brisk bronze bubbly calm candid careful carmine cerise
  charmed cheery chilly chipper civic civil clean clear clever cloudy coastal cobalt cocoa comfy
  cool copper coral cordial cosmic cosy crafty creamy crimson crisp crystal curious curly dapper
  daring dashing dawn dear deft devoted dewy diligent direct dreamy eager early earnest earthy
  easy ebony elated electric elegant emerald epic equal ethereal fair faithful fancy fearless
  feathery festive fiery fine firm fleet floral fluent fluffy fond forest frank free fresh
  friendly frosty fuzzy gallant gentle genuine giddy gifted gilded ginger glad gleaming glossy
  golden graceful grand grateful handy happy hardy hazel hearty helpful honest hopeful humble icy
  indigo intrepid ivory jade jaunty jolly jovial joyful jumpy keen kind kindly lasting lavender
  leafy lemon light lilac lime lively loyal lucid lucky lunar lush magenta magic maple marble
  mellow merry mighty mild mindful minty misty modest mossy nimble noble oaken oceanic olive opal
  open orchid patient peachy pearly peppy placid playful plucky plush polar polite prime proud
  prudent purple quaint quick quiet radiant rapid ready regal rosy royal ruby rustic sable saffron
  sage sandy sapphire scarlet serene sharp shiny silent silken silver sincere sleek smart smooth
  snappy snowy snug soft solar solid sonic sparkly speedy spicy spirited stable starry steady
  stellar still sturdy subtle sunny supple swift tame tawny teal tender thankful tidy topaz
  tranquil trusty upbeat useful valiant velvet verdant vernal violet vivid warm wise witty woolly
  zesty
`
  .trim()
  .split(/\s+/)

/** Frozen: another list would rename every node. */
export const ANIMALS: readonly string[] = `
  albatross alpaca antelope armadillo auk avocet axolotl badger bandicoot bear beaver bee beetle
  beluga bison bittern blackbird bluebird bluejay bobcat bonobo buffalo bullfinch bumblebee
  bunting butterfly buzzard camel canary capybara caracal caribou carp cassowary cat caterpillar
  catfish chaffinch chameleon chamois cheetah chickadee chinchilla chipmunk cicada condor coot
  cormorant cougar coyote crab crane cricket crow cuckoo curlew damselfly deer dingo dipper
  dolphin donkey dormouse dove dragonfly duck dugong dunlin eagle echidna egret eider eland
  elephant elk ermine falcon fennec ferret finch firefly flamingo fox frog gannet gazelle gecko
  gerbil gibbon giraffe goat godwit goldfinch goose gopher gorilla goshawk grebe grouse guanaco
  gull guppy hamster hare harrier hawk hedgehog heron herring hoopoe hornbill horse hummingbird
  ibex ibis iguana impala jackdaw jaguar jay jerboa kangaroo kestrel kingfisher kite kiwi koala
  koi kookaburra kudu lapwing lark lemming lemur leopard linnet lion lizard llama lobster loon
  loris lynx macaw magpie mallard manatee manta marlin marmot marten martin meerkat merlin mink
  minnow mole mongoose moose moth mouse muskox narwhal newt nightjar nuthatch ocelot octopus okapi
  orca oriole oryx osprey ostrich otter owl oyster panda panther parrot partridge peacock pelican
  penguin petrel pheasant pigeon pika pike pipit platypus plover pony porcupine porpoise puffin
  puma quail quokka rabbit raccoon raven redstart reindeer robin rook salmon sandpiper seahorse
  seal serval shrike shrimp siskin skink skylark sloth snail snipe sparrow squid squirrel starfish
  starling stingray stoat stork sturgeon swallow swan tamarin tapir tarsier tern terrapin thrush
  tiger toad tortoise toucan trout tuna turtle vole wagtail wallaby walrus warbler weasel whale
  wombat woodcock woodpecker wren yak zebra
`
  .trim()
  .split(/\s+/)
