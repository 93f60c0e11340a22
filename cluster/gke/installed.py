"""pool.yaml as the settings that our manifests are made with (`newsreel.config.settings`): the same names that Terraform has
made."""

from newsreel.config.names import GPU_TAINT, POOL_LABEL, STORY_TAINT, Account, Bucket
from newsreel.config.pools import PoolConfig
from newsreel.config.settings import Events, Manager, Monitoring, Newsroom, Pool, Settings
from newsreel.submission.topics import DONE, PULLED, STORIES, topic_path

__all__ = ["settings_of"]


def settings_of(parameters: PoolConfig, audience: str | None = None) -> Settings:
    """`audience` is whom the newsroom's sign-in is for; it is known once there is a load balancer."""
    cluster, site = parameters.cluster, parameters.site
    names = cluster.names
    prefixes = tuple(f"{names.address(which)}/" for which in (Bucket.STORIES, Bucket.FINALS, Bucket.WEIGHTS))
    return Settings(
        namespace=cluster.namespace,
        image_prefix=names.images(cluster.region),
        story_pool=Pool(selector=(POOL_LABEL, "stories"), tolerates=(GPU_TAINT[0], STORY_TAINT[0])),
        system_pool=Pool(selector=(POOL_LABEL, "system")),
        weights=f"{names.address(Bucket.WEIGHTS)}/weights.yaml",
        addresses=prefixes,
        stories=cluster.stories,
        finals=cluster.finals,
        units=names.address(Bucket.UNITS),
        stories_at_once=parameters.stories_at_once,
        prices=parameters.price_list,
        editors=site.editors,
        google_account=names.account(Account.STORAGE),
        api_servers=(str(site.network.control_plane),),
        previews_bucket=names.bucket(Bucket.PREVIEWS),
        newsroom_url=f"https://{site.newsroom.host}" if site.newsroom else None,
        done_topic=topic_path(cluster.project, DONE),
        events=events(parameters),
        newsroom=newsroom(parameters, audience),
        monitoring=Monitoring(),
        manager=manager(parameters),
    )


def manager(parameters: PoolConfig) -> Manager | None:
    """In mode `cluster` it is outside, since it takes away what it would run in."""
    if parameters.cluster.mode == "cluster":
        return None
    return Manager(pool=parameters.text, google_account=parameters.cluster.names.account(Account.MANAGER))


def events(parameters: PoolConfig) -> Events:
    cluster = parameters.cluster
    return Events(
        project=cluster.project,
        subscription=PULLED,
        google_account=cluster.names.account(Account.EVENTS),
        watch_google_account=cluster.names.account(Account.WATCH),
    )


def newsroom(parameters: PoolConfig, audience: str | None) -> Newsroom | None:
    cluster, wanted = parameters.cluster, parameters.site.newsroom
    if wanted is None:
        return None
    chosen = Newsroom(
        host=wanted.host,
        topic=topic_path(cluster.project, STORIES),
        writers=wanted.writers,
        publishers=wanted.publishers,
        google_account=cluster.names.account(Account.NEWSROOM),
        client=wanted.client,
        certificates=f"{cluster.name}-newsroom",
        address=f"{cluster.name}-newsroom",
    )
    return Newsroom(**{**vars(chosen), "audience": audience}) if audience else chosen
