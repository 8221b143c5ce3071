"""Made-up Vietnamese names and sentences, the same for the same seed. No person or place is meant."""

import random

FAMILIES = "Nguyễn Trần Lê Phạm Hoàng Huỳnh Phan Vũ Võ Đặng Bùi Đỗ Hồ Ngô Dương Lý K' Y Lò Giàng".split()
MIDDLES = "Văn Thị Đức Minh Quốc Thanh Ngọc Hữu Xuân Thu Kim Gia Bảo Hồng".split()
GIVEN = """
    An Bình Châu Dũng Đạt Giang Hà Hạnh Hòa Hùng Hương Khánh Lan Linh Long Mai Minh Nam Nga Phúc Phương
    Quân Sơn Tâm Thảo Thắng Thủy Tuấn Vân Yến
""".split()
PLACE_HEADS = """
    Minh Đông Tân Phú Bình Hòa Long An Thạch Bến Sông Xuân Quảng Vĩnh Mỹ Trung Nam Bắc Đức Kim
""".split()
PLACE_TAILS = """
    Phú Tân Lợi Thành Hải Sơn Lâm Điền Khê Giang Hưng Thịnh Trạch Bình Đá Lộc Xuyên Lương Hà Vân
""".split()


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines()]


SPOTS = _lines("""
    đầu cầu
    sau chợ cũ
    gần trường tiểu học
    đối diện trạm y tế
    cuối hẻm 9
    lò gạch bỏ hoang cuối thôn
    bến phà
    dọc bờ kênh
    quán nước ngã ba
    khu nhà trọ công nhân
    sân bóng nhà văn hóa
    bãi đất trống cạnh xưởng gỗ
""")
TIMES = _lines("""
    tối qua khoảng 21h
    rạng sáng nay
    mấy tuần nay tối nào cũng vậy
    từ 23h đến 3h sáng
    trưa thứ Bảy
    chiều nay lúc 16h30
    sáng nào cũng thế
    đêm 15 vừa rồi
    khoảng 22h đến 1h sáng
    cuối tuần trước
""")
WHO = _lines("""
    có 4, 5 thanh niên lạ
    hai người đi xe máy
    một nhóm người
    có người đàn ông mặc áo khoác đen
    mấy chiếc xe ben
    ba người lạ mặt
    một xe tải không biển
    chủ quán và mấy người quen
    hai chiếc ghe
    một phụ nữ chừng 40 tuổi
""")
DEEDS = _lines("""
    tụ tập ồn ào rồi bỏ đi về hướng quốc lộ
    đánh bài ăn tiền xe để tràn ra đường
    dán tờ rơi cho vay khắp cột điện
    đổ nước thải đen hôi xuống mương
    hút cát sát bờ làm lở đất
    hỏi vay tiền rồi dọa đến trường con em
    đứng canh trước nhà không có ai
    chở đất không che bạt chạy rất nhanh
    gọi điện xưng cán bộ bắt chuyển tiền
    hát loa kéo đến khuya góp ý thì dọa đánh
    mang nhiều máy tính vào phòng trọ đóng kín cửa
""")
ENDS = _lines("""
    Xin đừng để ai biết tôi báo.
    Bà con quanh đây ai cũng thấy mà không dám nói.
    Mong công an xã xem giúp.
    Tôi có quay lại từ xa nhưng hơi mờ.
    Sáng ra còn thấy kim tiêm và giấy bạc cháy dở.
    Xe Wave đỏ biển số cuối 46.
    Nhà có cháu nhỏ không ngủ được.
    Lần này là lần thứ ba trong tháng.
    Cần gì thêm xin hỏi qua mã theo dõi.
""")
BODIES = _lines("""
    Có người tự xưng cán bộ gọi điện bắt chuyển tiền để “xác minh”. Công an không làm việc qua điện thoại.
    Trước khi ra khỏi nhà xin kiểm tra bếp, bình ga, ổ điện. Mỗi nhà nên có lối thoát thứ hai. Cháy gọi 114.
    Mời bà con dự họp tổ dân phố tối thứ Bảy tại nhà văn hóa, góp ý cho mô hình nhóm Zalo của thôn.
""")
# The share of tips that name a number: words hardly any other tip has.
PLATES = 0.05
# As long as a usual post.
SENTENCES_OF_POST = 4


class Writer:
    """Sentences from one random source."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)

    def person(self) -> str:
        """A full name."""
        pick = self.random.choice
        return f"{pick(FAMILIES)} {pick(MIDDLES)} {pick(GIVEN)}"

    def place(self) -> str:
        """The name of a commune or village."""
        return f"{self.random.choice(PLACE_HEADS)} {self.random.choice(PLACE_TAILS)}"

    def spot(self) -> str:
        """Where in a village something happened."""
        return f"{self.random.choice(SPOTS)} {self.place()}"

    def phone(self) -> str:
        """A mobile number of the right form."""
        return f"09{self.random.randrange(10**8):08d}"

    def tip(self) -> str:
        """What a resident reports, 25 to 60 words, as they speak."""
        pick = self.random.choice
        sentences = [f"{pick(TIMES).capitalize()} {pick(WHO)} ở {self.spot()} {pick(DEEDS)}."]
        if self.random.random() < 0.5:
            sentences.append(f"{pick(TIMES).capitalize()} lại thấy {pick(WHO)} {pick(DEEDS)}.")
        sentences += self.random.sample(ENDS, self.random.randint(1, 2))
        if self.random.random() < PLATES:
            sentences.append(f"Xe mang biển số {self.random.randrange(10**4):04d}.")
        return " ".join(sentences)

    def post(self) -> tuple[str, str]:
        """Title and body of a broadcast."""
        return f"Thông báo của Công an xã {self.place()}", " ".join(
            [self.random.choice(BODIES)] * SENTENCES_OF_POST
        )
