"""A detector belongs to its catalogue, and two of them know nothing of each other."""

from datetime import date

from catalogue import Catalogue, load_catalogue
from catalogue.book import Name
from catalogue.model import Entry, Period
from detection import Detector, scan
from detection.detector import Asked
from vocabulary.codes import Evidence, PublisherKind, Status

DAY = date(2026, 11, 1)
TEXT = "任职要求：\n1、须持有竹编鉴赏师证书；\n"


def _catalogue(status: Status) -> Catalogue:
    period = Period(status, date(2016, 6, 8), "国发〔2016〕35号", Evidence.PUBLISHED, "试验")
    entry = Entry("竹编鉴赏师", "竹编鉴赏师", (), (period,))
    return Catalogue([entry], [Name("竹编鉴赏师", "竹编鉴赏师")])


def test_each_detector_judges_by_its_own_catalogue() -> None:
    cancelled, lawful = Detector(_catalogue(Status.CANCELLED)), Detector(_catalogue(Status.ACCESS))
    for detector, status in (
        (cancelled, Status.CANCELLED),
        (lawful, Status.ACCESS),
        (cancelled, Status.CANCELLED),
    ):
        (mention,) = detector.scan(TEXT, as_of=DAY, title="招聘").mentions
        assert mention.status is status
    (mention,) = scan(TEXT, as_of=DAY, title="招聘").mentions
    assert mention.status is Status.OFF_CATALOGUE


def test_a_batch_is_answered_as_each_of_its_texts_alone() -> None:
    detector = Detector(load_catalogue())
    batch = [
        Asked("", DAY),
        Asked("任职要求：\n1、须持有会计从业\n资格证书；\n", DAY, title="招聘", publisher="某县人民政府"),
        Asked("本店营业至晚上九点。", DAY, region="350100"),
        Asked("企业招会计主要看四点，主管还要有会计从业资格证。", date(2015, 1, 1), title="招会计的标准"),
        Asked(TEXT, DAY, publisher_kind=PublisherKind.COMPANY, url="https://www.example.gov.cn/1.html"),
    ]
    for asked, result in zip(batch, detector.scan_all(batch), strict=True):
        assert result == detector.scan(
            asked.text,
            as_of=asked.as_of,
            title=asked.title,
            publisher=asked.publisher,
            url=asked.url,
            publisher_kind=asked.publisher_kind,
            region=asked.region,
        )
    assert detector.scan_all([]) == []


def test_the_convenient_scan_says_what_the_detector_of_the_loaded_catalogue_says() -> None:
    text = "任职要求：\n1、须持有会计证；\n"
    assert scan(text, as_of=DAY, title="招聘") == Detector(load_catalogue()).scan(
        text, as_of=DAY, title="招聘"
    )


def test_a_standing_is_that_of_its_day_on_either_side_of_a_change() -> None:
    detector = Detector(load_catalogue())
    text = "任职要求：\n1、须持有物业管理师证书；\n"
    found = [
        detector.scan(text, as_of=day, title="招聘").mentions[0].status
        for day in (date(2016, 6, 7), date(2016, 6, 8), date(2016, 6, 7), date(1990, 1, 1))
    ]
    assert found == [Status.ACCESS, Status.CANCELLED, Status.ACCESS, Status.ACCESS]
    catalogue = load_catalogue()
    assert catalogue.turned_by(date(1900, 1, 1)) == date.min
    assert catalogue.turned_by(date(2016, 6, 8)) == date(2016, 6, 8)
