"""Calls every method of the installed Gumnut SDK against a running service, and validates each response strictly.

A method of the SDK that this script doesn't call fails it, so that a new version of the SDK shows what is missing. Reads GUMNUT_BASE_URL and GUMNUT_API_KEY, which must be the owner's key: docs/use-the-official-client.md.
"""

import asyncio
import importlib
import inspect
import os
import pkgutil
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import gumnut.resources
from gumnut import AsyncGumnut, ConflictError, Gumnut, NotFoundError, UnprocessableEntityError
from gumnut._resource import SyncAPIResource

called: set[str] = set()
HIDDEN = {"with_raw_response", "with_streaming_response"}


def sdk_methods() -> set[str]:
    """Finds the methods of all resources, and makes each record its call."""
    found: set[str] = set()
    for module_info in pkgutil.walk_packages(gumnut.resources.__path__, "gumnut.resources."):
        module = importlib.import_module(module_info.name)
        for resource in vars(module).values():
            is_resource = inspect.isclass(resource) and issubclass(resource, SyncAPIResource)
            if not is_resource or resource.__module__ != module.__name__:
                continue
            for name, method in list(vars(resource).items()):
                if inspect.isfunction(method) and not name.startswith("_") and name not in HIDDEN:
                    title = f"{resource.__name__}.{name}"
                    found.add(title)
                    setattr(resource, name, recorded(title, method))
    return found


def recorded(title, method):
    def call(*args, **kwargs):
        called.add(title)
        return method(*args, **kwargs)

    return call


def expect(error, call) -> None:
    """Asserts that the call is rejected with the error."""
    try:
        call()
    except error:
        return
    raise SystemExit(f"the call was not rejected with {error.__name__}")


methods = sdk_methods()
# The SDK would repeat a failed request. A check must see the failure.
client = Gumnut(_strict_response_validation=True, max_retries=0)
IS_NEW = hasattr(client.assets, "move")  # 0.178; the older models are those of 0.159.
now = datetime.now(timezone.utc)
samples = [path for path in sorted(Path("samples").iterdir()) if path.is_file() and path.suffix != ".md"]
for stale in client.libraries.list():
    if stale.name.startswith("client check"):  # It is left from a run that failed.
        client.libraries.trash(stale.id)
        client.libraries.delete(stale.id)
serial = int(time.time())
library = client.libraries.create(name=f"client check {serial}").id


def upload(path: Path, library_id: str):
    return client.assets.create(
        asset_data=path, device_asset_id=path.name, device_id="check",
        file_created_at=now, file_modified_at=now, library_id=library_id,
    )


def check_libraries() -> None:
    assert client.libraries.retrieve(library).id == library
    assert client.libraries.update(library, description="text").description == "text"
    assert library in {each.id for each in client.libraries.list()}
    spare = client.libraries.create(name=f"client check spare {serial}", description="text")
    client.libraries.trash(spare.id)
    assert client.libraries.restore(spare.id).id == spare.id
    expect(ConflictError, lambda: client.libraries.delete(spare.id))  # It is not in the trash.
    client.libraries.trash(spare.id)
    client.libraries.delete(spare.id)
    if IS_NEW:
        mine = client.libraries.retrieve(library)
        assert mine.role == "owner" and mine.owner.id == client.users.me().id
        assert client.libraries.create(name=mine.name).id == library, "a repeated creation returns the library"


def check_assets(assets) -> None:
    groups = ["metadata", "file_data", "variants", "faces", "people", "metrics"]
    listed = list(client.assets.list(library_id=library, limit=4, include=groups))
    assert {asset.id for asset in listed} == {asset.id for asset in assets}, "pages contain every asset once"
    first, second = assets[:2]
    assert client.assets.retrieve(first.id, include=groups).metadata is not None
    edited = client.assets.update_asset(first.id, description="By the client", latitude=48.85, longitude=2.35)
    assert edited.metadata.description == "By the client"
    change = {"original_datetime": "2020-01-02T03:04:05+01:00"}
    client.assets.bulk_update_assets(updates=[{"id": second.id, "change": change}])
    assert client.assets.check_existence(library_id=library, device_id="check", device_asset_ids=[samples[0].name]).assets
    months = client.assets.counts(library_id=library).data
    assert sum(month.count for month in months) == len(assets)
    clusters = client.assets.cluster_by_geo(bbox="-180,-90,180,90", cell_size=10, library_id=library).data
    assert sum(cluster.count for cluster in clusters) >= 1
    expect(UnprocessableEntityError, lambda: client.assets.retrieve("asset_x"))
    if IS_NEW:
        check_new_parameters(first, len(assets))


def check_new_parameters(first, count: int) -> None:
    client.assets.update_asset(first.id, rating=5)
    rated = list(client.assets.list(library_id=library, ratings=[4, 5]))
    assert [asset.id for asset in rated] == [first.id]
    assert client.assets.counts(library_id=library, ratings=[5], group_by="year").data[0].count == 1
    assert sum(day.count for day in all_counts("day")) == count
    videos = client.assets.counts(library_id=library, media_type="video", order="asc").data
    assert sum(month.count for month in videos) < count
    client.assets.cluster_by_geo(bbox="-180,-90,180,90", cell_size=10, library_id=library, media_type="image", ratings=[5])
    assert client.assets.retrieve(first.id).file_size_bytes > 0


def all_counts(group_by: str):
    """Yields the counts of all pages, each continued after the last bucket."""
    after = {}
    while True:
        page = client.assets.counts(library_id=library, group_by=group_by, limit=3, **after)
        yield from page.data
        if not page.has_more:
            return
        after = {"starting_after_bucket": page.data[-1].time_bucket}


def check_albums(assets) -> None:
    first, second = assets[:2]
    album = client.albums.create(name="Album", library_id=library)
    added = client.albums.assets_associations.add(album.id, asset_ids=[first.id, second.id])
    assert added.added_assets == [first.id, second.id]
    assert client.albums.update(album.id, description="text", album_cover_asset_id=second.id).description == "text"
    assert [each.id for each in client.albums.list(library_id=library)] == [album.id]
    links = list(client.album_assets.list(library_id=library, album_id=album.id))
    assert client.album_assets.get(links[0].id).album_id == album.id
    client.albums.assets_associations.remove(album.id, asset_ids=[second.id])
    assert client.albums.retrieve(album.id).asset_count == 1
    if IS_NEW:
        assert [each.id for each in client.albums.list(library_id=library, name=" ALB")] == [album.id]
        assert client.albums.create(name=" album ", library_id=library).id == album.id
        assert client.albums.create(library_id=library).name == "New Album"
    client.albums.delete(album.id)


def check_stacks(assets) -> None:
    first, second, third = assets[:3]
    stack = client.stacks.create_stack(asset_ids=[first.id, second.id], library_id=library)
    client.stacks.add_assets_to_stack(stack.id, asset_ids=[third.id])
    assert client.stacks.set_cover(stack.id, primary_asset_id=third.id).primary_asset_id == third.id
    client.stacks.remove_assets(stack.id, asset_ids=[first.id])
    assert client.stacks.retrieve_stack(stack.id).asset_count == 2
    more = {"include": ["asset_ids"]} if IS_NEW else {}
    listed = list(client.stacks.list_stacks(library_id=library, **more))
    assert stack.id in {each.id for each in listed}
    if IS_NEW:
        assert set(next(each for each in listed if each.id == stack.id).asset_ids) == {second.id, third.id}
    client.stacks.delete(stack.id)


def check_people(assets) -> None:
    first, second = [asset for asset in assets if asset.width > 50][:2]
    ada = client.people.create(name="Ada", birth_date="1815-12-10", library_id=library)
    other = client.people.create(library_id=library)
    box = {"x": 1, "y": 2, "w": 30, "h": 40}
    face = client.faces.create(asset_id=first.id, bounding_box=box, person_id=other.id, library_id=library)
    loose = client.faces.create(asset_id=second.id, bounding_box=box, library_id=library)
    assert face.bounding_box == box and face.source == "manual" and face.asset_urls["thumbnail"].url
    expect(UnprocessableEntityError, lambda: client.faces.create(asset_id=first.id, bounding_box={**box, "w": 10**6}))
    assert client.faces.update(loose.id, person_id=ada.id, library_id=library).person_id == ada.id
    assert client.faces.update(loose.id, person_id=None, library_id=library).person_id is None
    merged = client.people.merge(ada.id, source_person_ids=[other.id])
    assert merged.asset_count == 1 and merged.thumbnail_face_id == face.id
    diagnosed = client.faces.retrieve(face.id, library_id=library, include=["cluster_assignment"])
    assert diagnosed.person_id == ada.id
    listed = list(client.faces.list(library_id=library, limit=1, include=["cluster_assignment"]))
    assert {each.id for each in listed} >= {face.id, loose.id}
    ada = client.people.update(ada.id, is_favorite=True, thumbnail_face_id=loose.id)
    assert ada.is_favorite and ada.thumbnail_face_id == loose.id and ada.asset_urls["thumbnail"].url
    assert client.people.retrieve(ada.id, include=["cluster_metrics"]).name == "Ada"
    for order in ("created_at_asc", "created_at_desc", "name_asc", "name_desc", "asset_count_asc", "asset_count_desc"):
        assert [each.id for each in client.people.list(library_id=library, sort=order, name="AD")] == [ada.id]
    assert [asset.id for asset in client.assets.list(library_id=library, person_ids=[ada.id])] == [first.id]
    shown = client.assets.retrieve(first.id, include=["faces", "people"])
    assert face.id in {each.id for each in shown.faces} and ada.id in {each.id for each in shown.people}
    if IS_NEW:
        assert client.people.create(name=" ada ", library_id=library).id == ada.id
        expect(ConflictError, lambda: client.people.create(name="Ada", is_hidden=True, library_id=library))
        client.people.bulk_update_people(updates=[{"id": ada.id, "change": {"is_hidden": True}}])
        assert ada.id not in {each.id for each in client.people.list(library_id=library)}
        hidden = client.people.list(library_id=library, include_hidden=True, include=["cluster_metrics"])
        assert ada.id in {each.id for each in hidden}
    types = {event.event_type for event in client.events.get(library_id=library, entity_types=["person", "face"]).data}
    assert types >= {"person_created", "person_updated", "person_deleted", "face_created", "face_updated"}
    client.people.delete(ada.id)
    assert client.faces.retrieve(face.id, library_id=library).person_id is None
    client.faces.delete(face.id, library_id=library)
    expect(NotFoundError, lambda: client.faces.retrieve(face.id, library_id=library))


def search_hits(found) -> list[str]:
    assert all(hit.distance is None or 0 <= hit.distance <= 2 for hit in found.data)
    return [hit.asset.id for hit in found.data]


def wait_for_hit(asset) -> None:
    """The index follows a change within seconds. A threshold of 0 leaves out what only an embedder finds."""
    for _ in range(60):
        found = client.search.search(query="daguerreotype", library_id=library, extra_query={"threshold": "0"})
        if search_hits(found) == [asset.id]:
            return
        time.sleep(1)
    raise SystemExit("the search did not find a changed caption within a minute")


def check_search(assets) -> None:
    first, count = assets[0], len(assets)
    client.assets.update_asset(first.id, description="A daguerreotype of the harbour")
    wait_for_hit(first)
    filters = {"library_id": library, "local_datetime_after": datetime(1800, 1, 1)}
    everything = search_hits(client.search.search(**filters, limit=200))
    assert set(everything) == {asset.id for asset in assets}, "filters find every asset"
    pages = [search_hits(client.search.search(**filters, limit=4, page=page)) for page in range(1, count // 4 + 2)]
    assert sum(pages, []) == everything, "pages are the whole in parts"
    groups = ["metadata", "faces", "people", "file_data", "variants"]
    form = {"query": "daguerreotype harbour", "person_ids": None, **filters}
    found = search_hits(client.search.search_assets(**form, include=groups))
    assert found[0] == first.id, f"{first.id} is not the first of {found}"
    nobody = ["person_2222222222222222222222", "person_2222222222222222222223"]
    assert search_hits(client.search.search_assets(library_id=library, person_ids=nobody)) == []
    expect(UnprocessableEntityError, lambda: client.search.search(library_id=library, bbox="0,0,1,1"))
    expect(UnprocessableEntityError, lambda: client.search.search_assets(library_id=library))
    check_image_search(next(path for path in samples if path.suffix == ".jpg"))
    if IS_NEW:
        videos = client.search.search(library_id=library, media_type="video", ratings=[0, 1])
        assert not videos.has_more and {hit.asset.mime_type.split("/")[0] for hit in videos.data} == {"video"}
        assert client.search.search_assets(library_id=library, media_type="image", ratings=[0, 5], limit=1).has_more
    asyncio.run(check_async_search(first))


def check_image_search(image: Path) -> None:
    """An image finds photos, or is refused where the service has no embedder of images."""
    try:
        search_hits(client.search.search_assets(image=image, query="harbour", library_id=library))
        print("the service searches by image")
    except UnprocessableEntityError as error:
        assert "embedder" in str(error)


async def check_async_search(asset) -> None:
    async with AsyncGumnut(_strict_response_validation=True, max_retries=0) as other:
        found = await other.search.search(query="daguerreotype", library_id=library, include=["metadata"])
        assert search_hits(found) and found.data[0].asset.metadata is not None
        found = await other.search.search_assets(query="daguerreotype", library_id=library, person_ids=None)
        assert asset.id in search_hits(found)
        try:
            image = next(path for path in samples if path.suffix == ".jpg")
            await other.search.search_assets(image=image, library_id=library)
        except UnprocessableEntityError as error:
            assert "embedder" in str(error)


def check_versions(photo) -> None:
    edit = Path("samples/prairie_falcon.jpg")
    versions = client.assets.versions
    version = versions.append(photo.id, file=edit, kind="edit", params="{}")
    version = versions.replace(version.id, asset_id=photo.id, file=Path("samples/cyclamen_persicum.jpg"), kind="edit", params="{}")
    listed = list(versions.list(photo.id))
    assert [each.id for each in listed][-1] == version.id
    versions.delete(version.id, asset_id=photo.id)
    versions.append(photo.id, file=edit, kind="edit", params="{}")
    versions.revert(listed[0].id, asset_id=photo.id)


def check_trash(assets) -> None:
    ids = [asset.id for asset in assets]
    client.assets.trash(ids=ids, library_id=library)
    client.assets.restore(ids=ids[:1], library_id=library)
    client.assets.empty_trash(library_id=library)
    expect(NotFoundError, lambda: client.assets.retrieve(ids[1]))
    client.assets.delete(ids[0])
    expect(NotFoundError, lambda: client.assets.retrieve(ids[0]))


def check_feed_and_tasks(asset) -> None:
    cursor, types = None, []
    while True:
        after = {} if cursor is None else {"after_cursor": cursor}
        page = client.events.get(library_id=library, limit=50, **after)
        types += [event.event_type for event in page.data]
        cursor = page.data[-1].cursor if page.data else cursor
        if not page.has_more:
            break
    assert types[0] == "asset_created"
    if IS_NEW:
        assert page.as_of and page.next_cursor is not None
        client.events.get(library_id=library, as_of=page.as_of)
        assert {"asset_trashed", "asset_restored", "asset_deleted"} <= set(types)
    tasks = client.tasks.list_for_asset(asset.id)
    assert client.tasks.get(tasks[0].id).asset_id == asset.id
    assert client.tasks.list(library_id=library, limit=5)


def check_account() -> None:
    assert client.ping.get() == "pong"
    me = client.users.me()
    assert me.email is not None
    key = client.api_keys.create(name="client check", actions=["read"], library_scope_mode="all_libraries")
    assert client.api_keys.update(key.id, name="renamed").name == "renamed"
    assert key.id in {each.id for each in client.api_keys.list()}
    client.api_keys.delete(key.id)
    if IS_NEW:
        assert client.users.update(favorite_display_mode="rating", home_country="US", home_subdivision="CA").home_country == "US"
        if me.face_detection_available:
            assert client.users.update(face_detection_preference=True).face_detection_preference
            client.users.update(face_detection_preference=me.face_detection_preference or False)
        else:
            expect(ConflictError, lambda: client.users.update(face_detection_preference=True))
        expect(NotFoundError, lambda: client.users.update(immich_library_id="lib_2222222222222222222222"))
        client.users.update(favorite_display_mode=me.favorite_display_mode, immich_library_id=library)
        client.users.update(immich_library_id=None)


def url(path: str) -> str:
    return f"{str(client.base_url).rstrip('/')}/{path}"


def post(path: str, body: dict, token: str | None = None) -> dict:
    """Calls a route of the service that the SDK has no method for."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return client._client.request("POST", url(path), json=body, headers=headers).json()


def sign_in(token: str | None, body: dict) -> Gumnut:
    """Signs in on the service's own page, and returns a client with the session."""
    target = "http://localhost:3000/callback"
    state = parse_qs(urlsplit(client.oauth.auth_url(redirect_uri=target).url).query)["request"][0]
    outcome = post(body.pop("path"), {**body, "request": state}, token)
    if outcome["redirect_url"] is None:
        outcome = post("api/sign-in/continue", {"request": state}, outcome["access_token"])
    answer = parse_qs(urlsplit(outcome["redirect_url"]).query)
    session = client.oauth.exchange(code=answer["code"][0], state=answer["state"][0])
    assert client.oauth.logout_endpoint().logout_endpoint
    return Gumnut(api_key=session.access_token, _strict_response_validation=True, max_retries=0)


def check_sign_in() -> None:
    owner = sign_in(os.environ["GUMNUT_API_KEY"], {"path": "api/sign-in/root-key"})
    assert owner.users.me().id == client.users.me().id


def check_sharing() -> None:
    key = os.environ["GUMNUT_API_KEY"]
    user = post("api/users", {"first_name": "Client check"}, key)["id"]
    secret = urlsplit(post("api/sign-in/links", {"user_id": user}, key)["url"]).fragment.removeprefix("link=")
    guest = sign_in(None, {"path": "api/sign-in/link", "secret": secret})
    assert guest.users.me().id == user
    invitations, members = client.libraries.invitations, client.libraries.members
    created = invitations.create(
        library_id=library, role="viewer", max_joiners=2, expires_at=datetime.now(timezone.utc) + timedelta(days=1)
    )
    invitation = created.invitation.id
    fragment = urlsplit(created.url).fragment
    assert invitations.link(invitation).url == created.url
    assert invitation in {each.id for each in invitations.list(library_id=library)}
    secret = fragment.split(".")[-1]
    assert guest.libraries.invitations.preview(invitation, secret=secret).eligibility == "joinable"
    joined = guest.libraries.invitations.join(invitation, secret=secret)
    assert joined.outcome == "joined" and joined.library.role == "viewer"
    assert guest.libraries.retrieve(library).owner.id == client.users.me().id
    assert members.update(user, library_id=library, role="collaborator").role == "collaborator"
    assert [each.user.id for each in members.list(library)] == [user]
    assert guest.libraries.members.leave(library).state == "left"
    expect(NotFoundError, lambda: guest.libraries.retrieve(library))
    assert guest.libraries.invitations.join(invitation, secret=secret).outcome == "joined"
    assert members.remove(user, library_id=library).state == "removed"
    expect(NotFoundError, lambda: guest.libraries.retrieve(library))
    assert invitations.disable(invitation).state == "disabled"
    delete_user(user)


def delete_user(user: str) -> None:
    path, headers = url(f"api/users/{user}"), {"Authorization": f"Bearer {os.environ['GUMNUT_API_KEY']}"}
    client._client.request("PATCH", path, json={"is_active": False}, headers=headers).raise_for_status()
    client._client.request("DELETE", path, headers=headers).raise_for_status()


def check_move(asset) -> None:
    other = client.libraries.create(name=f"client check other {serial}").id
    body = {"asset_ids": [asset.id], "source_library_id": library, "destination_library_id": other}
    assert [result.outcome for result in client.assets.move(**body).data] == ["moved"]
    assert [result.outcome for result in client.assets.move(**body).data] == ["already_in_destination"]
    client.libraries.trash(other)
    client.libraries.delete(other)


def main() -> None:
    assets = [upload(path, library) for path in samples]
    jpegs = [asset for asset, path in zip(assets, samples) if path.suffix == ".jpg"]
    check_account()
    check_sign_in()
    check_libraries()
    check_assets(assets)
    check_albums(assets)
    check_stacks(assets)
    check_people(jpegs)
    check_search(assets)
    check_versions(jpegs[0])
    client.assets.delete_list(ids=[jpegs[1].id], library_id=library)
    check_trash(jpegs[2:5])
    check_feed_and_tasks(assets[0])
    if IS_NEW:
        check_sharing()
        client.feedback.submit(feedback_type="other", message="The client was checked.")
        check_move(assets[0])
    client.libraries.trash(library)
    client.libraries.delete(library)
    if methods - called:
        raise SystemExit(f"not called: {', '.join(sorted(methods - called))}")
    print(f"{len(called)} methods of gumnut-sdk {gumnut.__version__} pass")


main()
